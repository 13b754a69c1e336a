// Compressed answers, kept as long as the tenant does not change.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_PAGE_CACHE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_PAGE_CACHE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {

// Thread-safe. Forgets everything when it is full.
class PageCache {
 public:
  struct Page {
    HttpResponse response;
    uint64_t version = 0;  // of the tenant
  };

  // Null unless the page is of this version.
  std::shared_ptr<const Page> Find(const std::string& key, uint64_t version);
  void Keep(const std::string& key, Page page);

 private:
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<const Page>> pages_
      ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_PAGE_CACHE_H_
