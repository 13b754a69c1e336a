#include "common/store/row_merge.h"

#include <algorithm>

namespace rollcall::store {

rocksdb::Status RowMerge::Begin() {
  for (const std::unique_ptr<RowSource>& source : sources_) {
    const rocksdb::Status status = source->Next();
    if (!status.ok()) return status;
    if (source->has_row()) heads_.push_back({source->row_key(), source.get()});
  }
  // What is sorted is a heap.
  std::sort(heads_.begin(), heads_.end(),
            [](const Head& a, const Head& b) { return a.row_key < b.row_key; });
  return rocksdb::Status::OK();
}

rocksdb::Status RowMerge::Next() {
  if (!std::exchange(begun_, true)) return Begin();
  Head& first = heads_[0];
  const rocksdb::Status status = first.source->Next();
  if (!status.ok()) return status;
  if (first.source->has_row()) {
    first.row_key = first.source->row_key();
  } else {
    first = heads_.back();
    heads_.pop_back();
  }
  Sink();
  return rocksdb::Status::OK();
}

void RowMerge::Sink() {
  for (size_t place = 0, child = 1; child < heads_.size();
       child = 2 * place + 1) {
    if (child + 1 < heads_.size() &&
        heads_[child + 1].row_key < heads_[child].row_key) {
      ++child;
    }
    if (heads_[place].row_key <= heads_[child].row_key) return;
    std::swap(heads_[place], heads_[child]);
    place = child;
  }
}

}  // namespace rollcall::store
