#include "services/directory/graph_link.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/http/url.h"
#include "common/status/errors.h"

namespace rollcall::directory {
namespace {

// Nothing but a host and a port, without anything that one parser decodes and
// another does not: no userinfo, not even an empty one, and no escapes.
bool HasPlainAuthority(absl::string_view link) {
  const size_t scheme_end = link.find("://");
  if (scheme_end == absl::string_view::npos) return false;
  absl::string_view authority = link.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  return std::all_of(authority.begin(), authority.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains(".-:[]", c);
  });
}

// Dots that a server, or a proxy before it, may take for a way up.
bool LeavesItsFolder(absl::string_view path) {
  const std::string lower = absl::AsciiStrToLower(path);
  return absl::StrContains(lower, "/..") ||
         absl::StrContains(lower, "%2e%2e") ||
         absl::StrContains(lower, "/.%2e") || absl::StrContains(lower, "/%2e.");
}

bool LeadsToGraph(absl::string_view link, absl::string_view graph_origin) {
  const absl::StatusOr<http::Url> url = http::Url::Parse(link);
  const absl::StatusOr<http::Url> origin = http::Url::Parse(graph_origin);
  return url.ok() && origin.ok() && url->scheme == "https" &&
         origin->scheme == "https" && url->user.empty() &&
         url->host == origin->host && url->port == origin->port &&
         absl::StartsWith(url->path, "/v1.0/") && HasPlainAuthority(link) &&
         !LeavesItsFolder(url->path);
}

}  // namespace

absl::Status CheckGraphLink(absl::string_view link,
                            absl::string_view graph_origin) {
  if (LeadsToGraph(link, graph_origin)) return absl::OkStatus();
  return DataLoss("GRAPH_LINK_ELSEWHERE",
                  "Graph gave a link that leads away from the tenant's Graph; "
                  "it was not followed.");
}

}  // namespace rollcall::directory
