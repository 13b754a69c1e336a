#include "services/directory/deletion_watch.h"

namespace rollcall::directory {
namespace {

constexpr uint64_t kCallsPerLook = 256;

}  // namespace

bool DeletionWatch::IsDeleted() {
  if (!deleted_) deleted_ = directories_.IsDeleted(name_).value_or(false);
  return deleted_;
}

bool DeletionWatch::IsDeletedByNow() {
  if (calls_.fetch_add(1) % kCallsPerLook == 0) return IsDeleted();
  return deleted_;
}

absl::Status DeletionWatch::Explain(absl::Status status) const {
  if (!deleted_) return status;
  return DirectoryDeleted(name_);
}

}  // namespace rollcall::directory
