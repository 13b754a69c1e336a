#include "tests/fakes/entra/page_cache.h"

#include <utility>

namespace rollcall::entra {
namespace {

// All pages of a million users.
constexpr size_t kMaxBytes = 128 << 20;

}  // namespace

std::shared_ptr<const PageCache::Page> PageCache::Find(const std::string& key,
                                                       uint64_t version) {
  absl::MutexLock lock(&mutex_);
  const auto it = pages_.find(key);
  if (it == pages_.end() || it->second->version != version) return nullptr;
  return it->second;
}

void PageCache::Keep(const std::string& key, Page page) {
  absl::MutexLock lock(&mutex_);
  if (bytes_ + page.response.body.size() > kMaxBytes) {
    pages_.clear();
    bytes_ = 0;
  }
  std::shared_ptr<const Page>& kept = pages_[key];
  if (kept != nullptr) bytes_ -= kept->response.body.size();
  bytes_ += page.response.body.size();
  kept = std::make_shared<const Page>(std::move(page));
}

}  // namespace rollcall::entra
