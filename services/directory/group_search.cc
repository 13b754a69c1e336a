#include "services/directory/group_search.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/http/client.h"
#include "common/identity/values.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_page.h"
#include "services/directory/page_walk.h"
#include "services/directory/search_match.h"

namespace rollcall::directory {
namespace {

constexpr size_t kMaxQueryBytes = 256;
// A search that Graph ignores would walk through all groups of the tenant.
constexpr int kMaxSearchPages = 10;

absl::Status CheckQuery(absl::string_view text) {
  const bool good = text.size() <= kMaxQueryBytes && IsValidUtf8(text) &&
                    std::none_of(text.begin(), text.end(), absl::ascii_iscntrl);
  if (good) return absl::OkStatus();
  return InvalidArgument("QUERY_INVALID",
                         absl::StrCat("A query has at most ", kMaxQueryBytes,
                                      " bytes and no control characters."),
                         {{"field", "query"}});
}

// The clause is quoted; quotes and backslashes inside it are escaped.
std::string PathFor(absl::string_view text) {
  std::string path =
      "/v1.0/groups?$select=id,displayName,description&$orderby=displayName"
      "&$count=true";
  if (!text.empty()) {
    const std::string clause = absl::StrCat(
        "\"displayName:",
        absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
    absl::StrAppend(&path, "&$search=", http::PercentEncode(clause));
  }
  return path;
}

bool IsBefore(const SourceGroup& a, const SourceGroup& b) {
  return std::tie(a.display_name.value(), a.id) <
         std::tie(b.display_name.value(), b.id);
}

}  // namespace

absl::StatusOr<FoundGroups> SearchGroups(GraphSession& graph,
                                         absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  RETURN_IF_ERROR(CheckQuery(text));
  std::vector<SourceGroup> groups;
  int pages = 0;
  // Not an error: the walk is told to stop.
  const absl::Status enough = absl::CancelledError("enough");
  const absl::Status walked = WalkPages<SourceGroup>(
      graph, {.path = PathFor(text),
              // $search needs it; it reads an index that lags a little.
              .headers = {{"ConsistencyLevel", "eventual"}},
              .parse = ParseGroupPage,
              .begin =
                  [&] {
                    groups.clear();
                    pages = 0;
                  },
              .take =
                  [&](Page<SourceGroup> page) {
                    if (++pages > kMaxSearchPages) return enough;
                    for (SourceGroup& group : page.items) {
                      if (MayMatch(group.display_name.value(), text)) {
                        groups.push_back(std::move(group));
                      }
                    }
                    return groups.size() > kMaxFoundGroups ? enough
                                                           : absl::OkStatus();
                  }});
  if (!walked.ok() && walked != enough) return walked;

  FoundGroups found;
  std::sort(groups.begin(), groups.end(), IsBefore);
  found.truncated = walked == enough;
  if (groups.size() > kMaxFoundGroups) groups.resize(kMaxFoundGroups);
  found.groups = std::move(groups);
  return found;
}

}  // namespace rollcall::directory
