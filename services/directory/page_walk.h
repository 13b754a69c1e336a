// Walks along a chain of Graph's pages to its end: OK means that every page
// arrived, and that the last one led nowhere.
#ifndef ROLLCALL_SERVICES_DIRECTORY_PAGE_WALK_H_
#define ROLLCALL_SERVICES_DIRECTORY_PAGE_WALK_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/http/client.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_client.h"
#include "services/directory/graph_page.h"
#include "services/directory/page_chain.h"

namespace rollcall::directory {

template <typename Object>
struct PageWalk {
  std::string path;       // Of the first page, ours.
  http::Headers headers;  // Repeated on every page.
  std::function<absl::StatusOr<Page<Object>>(absl::string_view body,
                                             const PageLimits& limits)>
      parse;
  // Called before the first page, and again whenever the enumeration has to
  // begin anew: what was taken so far may be forgotten.
  std::function<void()> begin;
  // Takes a page; an error ends the walk.
  std::function<absl::Status(Page<Object> page)> take;
};

namespace internal {

// What a page holds, by the ids; none for a page that holds nothing.
template <typename Object>
absl::optional<uint64_t> ContentOf(const Page<Object>& page) {
  if (page.items.empty()) return absl::nullopt;
  uint64_t hash = page.skipped.size();
  for (const Object& item : page.items) hash = absl::HashOf(hash, item.id);
  return hash;
}

// A page that does not parse counts as not received: three tries.
template <typename Object, typename Fetch>
absl::StatusOr<Page<Object>> FetchPage(const PageWalk<Object>& walk,
                                       const Fetch& fetch) {
  constexpr int kTries = 3;
  for (int tries = 1;; ++tries) {
    ASSIGN_OR_RETURN(const std::string body, fetch());
    absl::StatusOr<Page<Object>> page = walk.parse(body, PageLimits());
    if (page.ok() || tries >= kTries ||
        ReasonOf(page.status()) != "GRAPH_PAGE_MALFORMED") {
      return page;
    }
  }
}

}  // namespace internal

template <typename Object>
absl::Status WalkPages(GraphSession& graph, const PageWalk<Object>& walk) {
  PageChain chain;
  absl::optional<std::string> link;
  walk.begin();
  while (true) {
    absl::StatusOr<Page<Object>> page = internal::FetchPage(walk, [&] {
      return link.has_value() ? graph.Follow(*link, walk.headers)
                              : graph.Get(walk.path, walk.headers);
    });
    if (ReasonOf(page.status()) == "GRAPH_PAGE_EXPIRED") {
      RETURN_IF_ERROR(chain.Restart());
      link.reset();
      walk.begin();
      continue;
    }
    RETURN_IF_ERROR(page.status());
    RETURN_IF_ERROR(chain.Arrive(internal::ContentOf(*page)));
    link = std::exchange(page->next_link, absl::nullopt);
    RETURN_IF_ERROR(walk.take(*std::move(page)));
    if (!link.has_value()) return absl::OkStatus();
    RETURN_IF_ERROR(chain.Advance(*link));
  }
}

// What Graph's getByIds knows, at most 1000 ids at once. Ids that it leaves out
// are missing, or not shown: it does not say which.
template <typename Object>
absl::StatusOr<Page<Object>> GetByIds(
    GraphSession& graph, absl::string_view type, absl::string_view select,
    const std::vector<SourceId>& ids,
    absl::StatusOr<Page<Object>> (*parse)(absl::string_view,
                                          const PageLimits&)) {
  std::string body = R"({"ids":[)";
  for (const SourceId& id : ids) {
    absl::StrAppend(&body, body.back() == '[' ? "\"" : ",\"", id.ToString(),
                    "\"");
  }
  absl::StrAppend(&body, R"(],"types":[")", type, R"("]})");
  const std::string path =
      absl::StrCat("/v1.0/directoryObjects/getByIds?$select=", select);
  PageChain chain;
  PageWalk<Object> walk;
  walk.parse = parse;
  ASSIGN_OR_RETURN(Page<Object> all, internal::FetchPage(walk, [&] {
                     return graph.Post(path, body);
                   }));
  // Answers in pages are documented as possible.
  while (all.next_link.has_value()) {
    const std::string link = *std::exchange(all.next_link, absl::nullopt);
    RETURN_IF_ERROR(chain.Advance(link));
    ASSIGN_OR_RETURN(Page<Object> page, internal::FetchPage(walk, [&] {
                       return graph.Follow(link);
                     }));
    std::move(page.items.begin(), page.items.end(),
              std::back_inserter(all.items));
    std::move(page.skipped.begin(), page.skipped.end(),
              std::back_inserter(all.skipped));
    all.next_link = std::move(page.next_link);
    if (all.items.size() + all.skipped.size() > PageLimits().max_items) {
      return DataLoss(
          "GRAPH_PAGE_TOO_LARGE",
          absl::StrCat("Graph answered ", ids.size(), " ids with more than ",
                       PageLimits().max_items, " objects."));
    }
  }
  return all;
}

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_PAGE_WALK_H_
