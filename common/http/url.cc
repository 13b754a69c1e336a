#include "common/http/url.h"

#include <curl/curl.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall::http {
namespace {

constexpr size_t kMaxUrlLength = 64 << 10;

absl::Status Invalid(absl::string_view what) {
  return InvalidArgument("HTTP_URL_INVALID",
                         absl::StrCat("The address ", what, "."));
}

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Parser = std::unique_ptr<CURLU, FreeUrl>;

// A part as it was written; empty if there is none.
std::string Part(const Parser& parser, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(parser.get(), part, &text, flags) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

// Characters that parsers read in different ways: none is legal in an address
// (RFC 3986 §2).
bool IsAmbiguous(char c) { return !absl::ascii_isgraph(c) || c == '\\'; }

// Whether exactly `://` follows a scheme; libcurl would take any number of
// slashes from one to three.
bool IsAbsolute(absl::string_view text) {
  const size_t at = text.find(':');
  return at != absl::string_view::npos && at > 0 &&
         text.substr(at, 3) == "://" && text.substr(at + 3, 1) != "/";
}

}  // namespace

std::string Url::Origin() const {
  const bool is_default =
      (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
  return is_default ? absl::StrCat(scheme, "://", host)
                    : absl::StrCat(scheme, "://", host, ":", port);
}

absl::StatusOr<Url> Url::Parse(absl::string_view text) {
  if (text.size() > kMaxUrlLength) return Invalid("is too long");
  for (const char c : text) {
    if (IsAmbiguous(c)) {
      return Invalid("holds a character that no address may hold");
    }
  }
  if (!IsAbsolute(text)) return Invalid("does not begin with scheme://host");

  const Parser parser(curl_url());
  if (parser == nullptr) return Invalid("cannot be parsed for want of memory");
  const CURLUcode code =
      curl_url_set(parser.get(), CURLUPART_URL, std::string(text).c_str(),
                   CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
  if (code != CURLUE_OK) {
    return Invalid(absl::StrCat("does not parse: ", curl_url_strerror(code)));
  }
  Url url;
  url.scheme = absl::AsciiStrToLower(Part(parser, CURLUPART_SCHEME));
  url.user = Part(parser, CURLUPART_USER);
  if (url.user.empty() && !Part(parser, CURLUPART_PASSWORD).empty()) {
    url.user = "*";  // `https://:password@host` has userinfo as well.
  }
  url.host = absl::AsciiStrToLower(Part(parser, CURLUPART_HOST));
  url.path = Part(parser, CURLUPART_PATH);
  url.query = Part(parser, CURLUPART_QUERY);
  if (!absl::SimpleAtoi(Part(parser, CURLUPART_PORT, CURLU_DEFAULT_PORT),
                        &url.port)) {
    return Invalid("has no port");
  }
  if (url.host.empty()) return Invalid("has no host");
  return url;
}

}  // namespace rollcall::http
