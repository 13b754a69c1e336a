#include "services/directory/page_chain.h"

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall::directory {

absl::Status PageChain::Advance(absl::string_view next_link) {
  if (!seen_.insert(absl::Hash<absl::string_view>()(next_link)).second) {
    return DataLoss("GRAPH_PAGE_LOOP",
                    "Graph led from a page to one that was there before.");
  }
  if (++pages_ >= limits_.max_pages) {
    return DataLoss("GRAPH_PAGES_ENDLESS",
                    absl::StrCat("Graph led on and on, past ",
                                 limits_.max_pages, " pages."),
                    {{"max_pages", absl::StrCat(limits_.max_pages)}});
  }
  return absl::OkStatus();
}

absl::Status PageChain::Arrive(absl::optional<uint64_t> content) {
  const bool stuck = content.has_value()
                         ? ++contents_[*content] > limits_.max_same_content
                         : empty_in_a_row_ + 1 > limits_.max_empty_in_a_row;
  empty_in_a_row_ = content.has_value() ? 0 : empty_in_a_row_ + 1;
  if (!stuck) return absl::OkStatus();
  return DataLoss("GRAPH_PAGE_LOOP",
                  content.has_value()
                      ? "Graph gave the same page over and over again."
                      : "Graph gave nothing but empty pages.");
}

absl::Status PageChain::Restart() {
  if (restarts_ >= limits_.max_restarts) {
    return DataLoss("GRAPH_PAGES_EXPIRE",
                    absl::StrCat("Graph let its pages expire ", restarts_ + 1,
                                 " times in a row."),
                    {{"restarts", absl::StrCat(restarts_)}});
  }
  ++restarts_;
  seen_.clear();
  contents_.clear();
  pages_ = 0;
  empty_in_a_row_ = 0;
  return absl::OkStatus();
}

}  // namespace rollcall::directory
