#include "services/directory/graph_link.h"

#include "absl/strings/match.h"
#include "common/http/client.h"
#include "common/status/errors.h"

namespace rollcall::directory {
namespace {

bool LeadsToGraph(absl::string_view link, absl::string_view graph_origin) {
  const absl::StatusOr<http::Url> url = http::Url::Parse(link);
  const absl::StatusOr<http::Url> origin = http::Url::Parse(graph_origin);
  return url.ok() && origin.ok() && url->scheme == "https" &&
         origin->scheme == "https" && url->user.empty() &&
         url->host == origin->host && url->port == origin->port &&
         absl::StartsWith(url->path, "/v1.0/") &&
         !absl::StrContains(url->path, "/..");
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
