// Which query options a delta query takes: $select and a $filter of ids, with
// the first request of a round; everything after it is in the tokens (section
// 2.5 of the protocol specification). $top is ignored.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_DELTA_OPTIONS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_DELTA_OPTIONS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/odata.h"

namespace rollcall::entra {

enum class DeltaRequest {
  kFirst,      // without a token, or with an empty one, or with `latest`
  kNextPage,   // $skiptoken
  kNextRound,  // $deltatoken
};

DeltaRequest DeltaRequestOf(const QueryOptions& options);

// Whether the round begins with the present, without an initial one.
bool IsLatest(const QueryOptions& options);

// Refuses what is not supported. Some resources let $select beside a
// $deltatoken change the selection: `select_beside_token`.
absl::Status CheckDeltaOptions(const QueryOptions& options,
                               bool select_beside_token);

// The ids of `id eq 'a' or id eq 'b' ...`, at most fifty, one after another.
absl::StatusOr<std::string> ParseIdFilter(absl::string_view filter);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_DELTA_OPTIONS_H_
