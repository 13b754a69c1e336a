// Watches over the walk along a chain of pages: it ends, or it is an error.
// Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_PAGE_CHAIN_H_
#define ROLLCALL_SERVICES_DIRECTORY_PAGE_CHAIN_H_

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace rollcall::directory {

struct PageChainLimits {
  int max_pages = 100'000;
  int max_restarts = 5;  // What Graph's own guidance calls bounded.
  // Graph repeats itself now and then, but not like this: how often the same
  // content may come under ever new links.
  int max_same_content = 16;
  int max_empty_in_a_row = 1'000;
};

// One per chain. One thread.
class PageChain {
 public:
  explicit PageChain(PageChainLimits limits = {}) : limits_(limits) {}

  // May the chain go on with this link? DATA_LOSS, reason GRAPH_PAGE_LOOP, if
  // it was there before, GRAPH_PAGES_ENDLESS past the limit.
  absl::Status Advance(absl::string_view next_link);

  // A page arrived; `content` is a hash of what it holds, none if it is empty.
  // DATA_LOSS, reason GRAPH_PAGE_LOOP, if the walk does not get anywhere.
  absl::Status Arrive(absl::optional<uint64_t> content);

  // The page token is gone; may the walk begin again at page 1? DATA_LOSS,
  // reason GRAPH_PAGES_EXPIRE, if it did so often enough.
  absl::Status Restart();

 private:
  PageChainLimits limits_;
  absl::flat_hash_set<uint64_t> seen_;  // Hashes: links are long, and private.
  absl::flat_hash_map<uint64_t, int> contents_;
  int pages_ = 0;
  int empty_in_a_row_ = 0;
  int restarts_ = 0;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_PAGE_CHAIN_H_
