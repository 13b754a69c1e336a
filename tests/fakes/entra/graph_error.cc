#include "tests/fakes/entra/graph_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rollcall::entra {
namespace {

constexpr char kHttpStatus[] = "http_status";
constexpr char kCode[] = "code";

}  // namespace

absl::Status GraphError(int http_status, absl::string_view code,
                        absl::string_view message) {
  absl::Status status = absl::UnknownError(message);
  status.SetPayload(kHttpStatus, absl::Cord(absl::StrCat(http_status)));
  status.SetPayload(kCode, absl::Cord(code));
  return status;
}

absl::Status BadRequest(absl::string_view message) {
  return GraphError(400, "Request_BadRequest", message);
}

absl::Status UnsupportedQuery(absl::string_view message) {
  return GraphError(400, "Request_UnsupportedQuery", message);
}

absl::Status ResourceNotFound(absl::string_view id) {
  return GraphError(404, "Request_ResourceNotFound",
                    absl::StrCat("Resource '", id,
                                 "' does not exist or one of its queried "
                                 "reference-property objects are not "
                                 "present."));
}

absl::Status InvalidIdentifier(absl::string_view id) {
  return BadRequest(absl::StrCat("Invalid object identifier '", id, "'."));
}

absl::Status AccessDenied() {
  return GraphError(403, "Authorization_RequestDenied",
                    "Insufficient privileges to complete the operation.");
}

absl::Status ExpiredPageToken() {
  return GraphError(400, "Directory_ExpiredPageToken",
                    "The specified page token value has expired and can no "
                    "longer be included in your request.");
}

GraphErrorFacts Explain(const absl::Status& status) {
  GraphErrorFacts facts{.code = "Service_InternalServerError",
                        .message = std::string(status.message())};
  if (const auto http_status = status.GetPayload(kHttpStatus)) {
    (void)absl::SimpleAtoi(std::string(*http_status), &facts.http_status);
  }
  if (const auto code = status.GetPayload(kCode)) {
    facts.code = std::string(*code);
  }
  return facts;
}

}  // namespace rollcall::entra
