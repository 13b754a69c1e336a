// Errors of Graph as statuses: an HTTP status and a code go along.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_ERROR_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall::entra {

absl::Status GraphError(int http_status, absl::string_view code,
                        absl::string_view message);

// The ones that many resources answer.
absl::Status BadRequest(absl::string_view message);
absl::Status UnsupportedQuery(absl::string_view message);
absl::Status ResourceNotFound(absl::string_view id);
absl::Status InvalidIdentifier(absl::string_view id);
absl::Status AccessDenied();
absl::Status ExpiredPageToken();

struct GraphErrorFacts {
  int http_status = 500;
  std::string code;
  std::string message;
};

// Of a status made by GraphError; any other is an internal error.
GraphErrorFacts Explain(const absl::Status& status);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_ERROR_H_
