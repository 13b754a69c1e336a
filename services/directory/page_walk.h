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
#include "absl/types/span.h"
#include "common/http/client.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_client.h"
#include "services/directory/graph_page.h"
#include "services/directory/page_chain.h"
#include "services/directory/page_size.h"

namespace rollcall::directory {

template <typename Object>
struct PageWalk {
  // Of the first page, ours, with a query; `$top` is added to it.
  std::string path;
  // Of a question that is posted, if it is not empty; without `$top`.
  std::string body;
  http::Headers headers;  // Repeated on every page of what is not posted.
  std::function<absl::StatusOr<Page<Object>>(absl::string_view body,
                                             const PageLimits& limits)>
      parse;
  // Called before the first page, and again whenever the enumeration has to
  // begin anew: what was taken so far may be forgotten.
  std::function<void()> begin;
  // Takes a page; an error ends the walk.
  std::function<absl::Status(Page<Object> page)> take;
  PageChainLimits limits;
};

namespace internal {

template <typename Object>
const SourceId& IdOf(const Object& object) {
  return object.id;
}
inline const SourceId& IdOf(const SourceId& id) { return id; }

// What a page holds, by the ids; none for a page that holds nothing.
template <typename Object>
absl::optional<uint64_t> ContentOf(const Page<Object>& page) {
  if (page.items.empty()) return absl::nullopt;
  uint64_t hash = page.skipped.size();
  for (const Object& item : page.items) {
    hash = absl::HashOf(hash, IdOf(item));
  }
  return hash;
}

// A page that does not parse counts as not received: three tries.
template <typename Object, typename Fetch>
absl::StatusOr<Page<Object>> FetchPage(GraphSession& graph,
                                       const PageWalk<Object>& walk,
                                       const Fetch& fetch) {
  constexpr int kTries = 3;
  for (int tries = 1;; ++tries) {
    ASSIGN_OR_RETURN(const std::string body, fetch());
    absl::StatusOr<Page<Object>> page = walk.parse(body, PageLimits());
    if (page.ok() || tries >= kTries ||
        ReasonOf(page.status()) != "GRAPH_PAGE_MALFORMED") {
      return page;
    }
    RETURN_IF_ERROR(graph.Pause(tries));
  }
}

template <typename Object>
absl::StatusOr<std::string> FetchFirst(GraphSession& graph,
                                       const PageWalk<Object>& walk,
                                       int page_size) {
  if (!walk.body.empty()) return graph.Post(walk.path, walk.body);
  return graph.Get(absl::StrCat(walk.path, "&$top=", page_size), walk.headers);
}

// A list that was too much for Graph is begun again with smaller pages. What it
// refuses for one list it refuses for the others: the session remembers.
template <typename Object>
bool CanShrink(const PageWalk<Object>& walk, const absl::Status& status,
               int& page_size, GraphSession& graph) {
  const int smaller = SmallerPage(page_size);
  if (!walk.body.empty() || smaller == page_size) return false;
  const bool is_refused = MayBeRefusedForItsSize(status);
  if (is_refused) graph.LimitPageSize(smaller);
  if (!is_refused && !TookTooLong(status)) return false;
  page_size = smaller;
  return true;
}

}  // namespace internal

template <typename Object>
absl::Status WalkPages(GraphSession& graph, const PageWalk<Object>& walk) {
  PageChain chain(walk.limits);
  int page_size = graph.page_size();
  int beginnings = 1;
  absl::optional<std::string> link;
  walk.begin();
  while (true) {
    absl::StatusOr<Page<Object>> page = internal::FetchPage(graph, walk, [&] {
      return link.has_value() ? graph.Follow(*link, walk.headers)
                              : internal::FetchFirst(graph, walk, page_size);
    });
    const bool is_expired = ReasonOf(page.status()) == "GRAPH_PAGE_EXPIRED";
    if (is_expired ||
        internal::CanShrink(walk, page.status(), page_size, graph)) {
      if (is_expired) {
        RETURN_IF_ERROR(chain.Restart());
      } else {
        chain = PageChain(walk.limits);
      }
      RETURN_IF_ERROR(graph.Pause(beginnings++));
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

namespace internal {

template <typename Object>
using ParsePage = absl::StatusOr<Page<Object>> (*)(absl::string_view body,
                                                   const PageLimits& limits);

template <typename Object>
void MoveInto(Page<Object>& all, Page<Object> page) {
  if (all.items.empty() && all.skipped.empty()) {
    all = std::move(page);
    return;
  }
  std::move(page.items.begin(), page.items.end(),
            std::back_inserter(all.items));
  std::move(page.skipped.begin(), page.skipped.end(),
            std::back_inserter(all.skipped));
}

// Answers in pages are documented as possible.
template <typename Object>
absl::StatusOr<Page<Object>> GetByIdsAtOnce(GraphSession& graph,
                                            absl::string_view type,
                                            absl::string_view select,
                                            absl::Span<const SourceId> ids,
                                            ParsePage<Object> parse) {
  std::string body = R"({"ids":[)";
  for (const SourceId& id : ids) {
    absl::StrAppend(&body, body.back() == '[' ? "\"" : ",\"", id.ToString(),
                    "\"");
  }
  absl::StrAppend(&body, R"(],"types":[")", type, R"("]})");
  Page<Object> all;
  RETURN_IF_ERROR(WalkPages<Object>(
      graph,
      {.path = absl::StrCat("/v1.0/directoryObjects/getByIds?$select=", select),
       .body = std::move(body),
       .parse = parse,
       .begin = [&all] { all = Page<Object>(); },
       .take = [&all, &ids](Page<Object> page) -> absl::Status {
         MoveInto(all, std::move(page));
         if (all.items.size() + all.skipped.size() <= PageLimits().max_items) {
           return absl::OkStatus();
         }
         return DataLoss(
             "GRAPH_PAGE_TOO_LARGE",
             absl::StrCat("Graph answered ", ids.size(), " ids with more than ",
                          PageLimits().max_items, " objects."));
       }}));
  return all;
}

}  // namespace internal

// What Graph's getByIds knows, at most 1000 ids at once, or a hundred if it
// cannot answer so many in time. Ids that it leaves out are missing, or not
// shown: it does not say which.
template <typename Object>
absl::StatusOr<Page<Object>> GetByIds(GraphSession& graph,
                                      absl::string_view type,
                                      absl::string_view select,
                                      const std::vector<SourceId>& ids,
                                      internal::ParsePage<Object> parse) {
  constexpr size_t kFewIds = 100;
  absl::StatusOr<Page<Object>> all =
      internal::GetByIdsAtOnce(graph, type, select, ids, parse);
  if (!TookTooLong(all.status()) || ids.size() <= kFewIds) return all;
  Page<Object> parts;
  for (size_t begin = 0; begin < ids.size(); begin += kFewIds) {
    ASSIGN_OR_RETURN(
        Page<Object> part,
        internal::GetByIdsAtOnce(
            graph, type, select,
            absl::MakeConstSpan(ids).subspan(begin, kFewIds), parse));
    internal::MoveInto(parts, std::move(part));
  }
  return parts;
}

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_PAGE_WALK_H_
