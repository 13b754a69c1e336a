#include "services/authorization/entra_json.h"

#include <simdjson.h>

#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "common/status/utf8.h"

namespace rollcall::authorization {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxCodes = 16;
constexpr size_t kMaxTokenSize = 64 << 10;
constexpr size_t kMaxNameSize = 256;
constexpr int64_t kMaxLifetimeSeconds = 48 * 3600;  // 28 h are known.

// The object of a body; the parser must outlive it.
absl::optional<dom::object> ParseObject(dom::parser* parser,
                                        absl::string_view body) {
  dom::object object;
  if (parser->allocate(body.size(), kMaxDepth) != simdjson::SUCCESS ||
      parser->parse(body.data(), body.size()).get(object) !=
          simdjson::SUCCESS) {
    return absl::nullopt;
  }
  return object;
}

// A text member; empty if it is missing or no text.
absl::string_view Text(const dom::object& object, const char* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return "";
  return {text.data(), text.size()};
}

// A number, which older endpoints write as a text (protocol §1.7).
int64_t Number(const dom::element& element) {
  int64_t number = 0;
  if (element.get(number) == simdjson::SUCCESS) return number;
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS &&
      absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number)) {
    return number;
  }
  return 0;
}

int64_t Number(const dom::object& object, const char* name) {
  dom::element element;
  return object[name].get(element) == simdjson::SUCCESS ? Number(element) : 0;
}

std::vector<int64_t> Codes(const dom::object& object) {
  std::vector<int64_t> codes;
  dom::array array;
  if (object["error_codes"].get(array) != simdjson::SUCCESS) return codes;
  for (const dom::element element : array) {
    if (codes.size() == kMaxCodes) break;
    codes.push_back(Number(element));
  }
  return codes;
}

// Tokens travel in a header line.
bool IsBearerToken(absl::string_view token) {
  if (token.empty() || token.size() > kMaxTokenSize) return false;
  for (const char c : token) {
    if (!absl::ascii_isgraph(c)) return false;
  }
  return true;
}

}  // namespace

TokenReply ParseTokenReply(int http_status, absl::string_view body) {
  TokenReply answer;
  answer.reply.http_status = http_status;
  dom::parser parser;
  const absl::optional<dom::object> object = ParseObject(&parser, body);
  if (!object.has_value()) return answer;

  answer.reply.error = std::string(Text(*object, "error"));
  answer.reply.suberror = std::string(Text(*object, "suberror"));
  answer.reply.codes = Codes(*object);
  const absl::string_view token = Text(*object, "access_token");
  const int64_t seconds = Number(*object, "expires_in");
  if (!answer.reply.error.empty()) {
    answer.reply.well_formed = true;
  } else if (IsBearerToken(token) && seconds > 0 &&
             seconds <= kMaxLifetimeSeconds &&
             absl::AsciiStrToLower(Text(*object, "token_type")) == "bearer") {
    answer.reply.well_formed = true;
    answer.access_token = Secret(std::string(token));
    answer.lifetime = absl::Seconds(seconds);
  }
  return answer;
}

absl::optional<Organization> ParseOrganization(absl::string_view body) {
  dom::parser parser;
  const absl::optional<dom::object> object = ParseObject(&parser, body);
  dom::array value;
  if (!object.has_value() ||
      (*object)["value"].get(value) != simdjson::SUCCESS || value.size() != 1) {
    return absl::nullopt;
  }
  dom::object organization;
  if (value.at(0).get(organization) != simdjson::SUCCESS) return absl::nullopt;
  Organization found;
  found.id = std::string(Text(organization, "id"));
  found.display_name = CutUtf8(Text(organization, "displayName"), kMaxNameSize);
  if (found.id.empty()) return absl::nullopt;
  return found;
}

}  // namespace rollcall::authorization
