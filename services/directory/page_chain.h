// Watches over the walk along a chain of pages: it ends, or it is an error.
// Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_PAGE_CHAIN_H_
#define ROLLCALL_SERVICES_DIRECTORY_PAGE_CHAIN_H_

#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall::directory {

struct PageChainLimits {
  int max_pages = 100'000;
  int max_restarts = 5;  // What Graph's own guidance calls bounded.
};

// One per chain. One thread.
class PageChain {
 public:
  explicit PageChain(PageChainLimits limits = {}) : limits_(limits) {}

  // May the chain go on with this link? DATA_LOSS, reason GRAPH_PAGE_LOOP, if
  // it was there before, GRAPH_PAGES_ENDLESS past the limit.
  absl::Status Advance(absl::string_view next_link);

  // The page token is gone; may the walk begin again at page 1? DATA_LOSS,
  // reason GRAPH_PAGES_EXPIRE, if it did so often enough.
  absl::Status Restart();

 private:
  PageChainLimits limits_;
  absl::flat_hash_set<uint64_t> seen_;  // Hashes: links are long, and private.
  int pages_ = 0;
  int restarts_ = 0;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_PAGE_CHAIN_H_
