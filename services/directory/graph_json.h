// Turns the bytes of an answer into a JSON document, for the parsers beside it.
// Pure.
//
// Any bytes give a document or an error. Texts that hold forbidden bytes and
// numbers that fit nowhere do not cost the document: such a text comes with a
// NUL in it, such a number as a list.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_JSON_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/directory/graph_limits.h"
#include "simdjson.h"

namespace rollcall::directory {

// DATA_LOSS, reason GRAPH_PAGE_MALFORMED. `what` completes "cannot be read: ".
absl::Status PageMalformed(absl::string_view what);

// DATA_LOSS, reason GRAPH_PAGE_TOO_LARGE. `what` is what is past our limits.
absl::Status PageTooLarge(absl::string_view what);

// Valid until the next call on this thread.
absl::StatusOr<simdjson::dom::element> ParseJson(absl::string_view body,
                                                 const PageLimits& limits);

// The same for an answer that must be an object.
absl::StatusOr<simdjson::dom::object> ParseJsonObject(absl::string_view body,
                                                      const PageLimits& limits);

// A link to another page. An error if it is no text, empty or too long.
absl::StatusOr<std::string> ReadLink(const simdjson::dom::element& value,
                                     const PageLimits& limits);

inline absl::string_view AbslView(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_JSON_H_
