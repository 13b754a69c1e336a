// A request and an answer as the emulator sees them, whatever carries them:
// a connection, or an item of a $batch.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_HTTP_MESSAGE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_HTTP_MESSAGE_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace rollcall::entra {

struct HttpRequest {
  std::string method;
  std::string path;   // as on the wire, percent-encoded
  std::string query;  // likewise, without '?'
  absl::flat_hash_map<std::string, std::string> headers;  // lower-case names
  std::string body;

  // Empty if there is none. `name` is in lower case.
  absl::string_view Header(absl::string_view name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? absl::string_view() : it->second;
  }
};

struct HttpResponse {
  int status = 200;
  std::map<std::string, std::string> headers;
  std::string content_type = "application/json";
  std::string body;

  // The connection breaks after so many bytes of the body; 0 sends nothing at
  // all, not even the status.
  std::optional<size_t> break_after;
  // The body is not what its headers say: whoever gets it has no answer.
  bool damaged = false;
};

// The name-value pairs of a query or of a form body.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// '+' is a space, as in forms. A '%' that no two digits follow stands for
// itself.
Parameters ParseQuery(absl::string_view query);

// The first value with this name, or empty.
absl::string_view Find(const Parameters& parameters, absl::string_view name);

// Percent-decodes; '+' stays.
std::string DecodePath(absl::string_view text);
// Encodes all but the unreserved characters of RFC 3986.
std::string EncodeComponent(absl::string_view text);
// For text that goes into HTML.
std::string EscapeHtml(absl::string_view text);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_HTTP_MESSAGE_H_
