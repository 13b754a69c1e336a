// The query options of a Graph request (OData 4, as far as directory objects
// have them). Names match without regard to case; unknown ones are ignored.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_ODATA_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_ODATA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tests/fakes/entra/properties.h"

namespace rollcall::entra {

inline constexpr int64_t kDefaultPageSize = 100;
inline constexpr int64_t kMaxPageSize = 999;

struct QueryOptions {
  std::optional<std::vector<std::string>> select;
  std::optional<std::string> filter;
  std::optional<std::string> search;
  std::optional<std::string> skip_token;
  std::optional<std::string> delta_token;
  std::optional<std::string> order_by;
  std::optional<int64_t> top;
  std::optional<std::string> expand;
  bool count = false;
  // The query as it came, without the two tokens: what a next link repeats.
  std::string for_next_link;
  // The same whatever the order and the encoding of the options.
  std::string canonical;
};

// Takes the query as on the wire. Refuses what is malformed, and a $top that
// is no page size.
absl::StatusOr<QueryOptions> ParseQueryOptions(absl::string_view query);

// Whether $select names it, or there is no $select.
bool IsSelected(const QueryOptions& options, absl::string_view property);
// What follows the name of a collection in @odata.context: (id,mail).
std::string SelectSuffix(const QueryOptions& options);

// The set of the selected properties; `defaults` if nothing is selected.
// Refuses unknown names, unless they are ignored because they may belong to
// another type.
enum class UnknownNames { kRefuse, kIgnore };
absl::StatusOr<PropertySet> Selected(const QueryOptions& options,
                                     absl::Span<const PropertyInfo> properties,
                                     PropertySet defaults,
                                     absl::string_view type_name,
                                     UnknownNames unknown);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_ODATA_H_
