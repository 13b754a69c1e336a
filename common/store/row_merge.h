// Gives the rows of several sources as those of one, in the order of their
// keys. What is there twice comes twice, one behind the other.
#ifndef ROLLCALL_COMMON_STORE_ROW_MERGE_H_
#define ROLLCALL_COMMON_STORE_ROW_MERGE_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/store/row_source.h"
#include "rocksdb/status.h"

namespace rollcall::store {

class RowMerge : public RowSource {
 public:
  // Sources that are before their first rows.
  explicit RowMerge(std::vector<std::unique_ptr<RowSource>> sources)
      : sources_(std::move(sources)) {}

  rocksdb::Status Next() override;
  bool has_row() const override { return !heads_.empty(); }
  absl::string_view row_key() const override { return heads_[0].row_key; }
  absl::string_view row_value() const override {
    return heads_[0].source->row_value();
  }

 private:
  // A source and the key of the row where it is.
  struct Head {
    absl::string_view row_key;
    RowSource* source;
  };

  rocksdb::Status Begin();
  // Puts the first head where it belongs; the others are a heap.
  void Sink();

  const std::vector<std::unique_ptr<RowSource>> sources_;
  bool begun_ = false;
  std::vector<Head> heads_;  // A heap with the least key at its top.
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ROW_MERGE_H_
