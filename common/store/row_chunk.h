// Collects rows in memory in any order, and gives them in the order of their
// keys.
#ifndef ROLLCALL_COMMON_STORE_ROW_CHUNK_H_
#define ROLLCALL_COMMON_STORE_ROW_CHUNK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/store/row_source.h"

namespace rollcall::store {

// Some megabytes of rows, one behind the other. One thread.
class RowChunk {
 public:
  // Makes room for rows of so many bytes at once, if there is none yet.
  void Reserve(size_t byte_size) {
    if (bytes_.capacity() < byte_size) bytes_.reserve(byte_size);
  }

  // The row of a key, which is `prefix` and `key`, made as `row.h` says.
  void Add(absl::string_view prefix, absl::string_view key,
           absl::string_view value);
  // All rows of another chunk, which is not sorted.
  void AddAll(const RowChunk& other);

  // Puts the rows in order; nothing is added afterwards.
  void Sort();

  // Forgets the rows and keeps the memory.
  void Clear();

  // Of a sorted chunk: how many rows come before `row_key`.
  size_t CountBefore(absl::string_view row_key) const;

  // Row number `i` is read now and those behind it soon. Sorted rows still lie
  // in the order in which they came, so that each one would be waited for.
  void ReadOnFrom(size_t i) const;

  size_t row_count() const { return rows_.size(); }
  // What the rows take, their places included.
  size_t byte_size() const {
    return bytes_.size() + rows_.size() * sizeof(Row);
  }
  absl::string_view row_key(size_t i) const {
    return absl::string_view(bytes_).substr(rows_[i].offset, rows_[i].key_size);
  }
  absl::string_view row_value(size_t i) const {
    return absl::string_view(bytes_).substr(rows_[i].offset + rows_[i].key_size,
                                            rows_[i].value_size);
  }

 private:
  struct Row {
    uint64_t mark = 0;  // The first bytes in which the keys differ.
    size_t offset = 0;
    uint32_t key_size = 0;
    uint32_t value_size = 0;
  };

  std::string bytes_;
  std::vector<Row> rows_;
};

// Some rows, from one place to another, of a chunk that is sorted and outlives
// this.
class ChunkSource : public RowSource {
 public:
  ChunkSource(const RowChunk& chunk, size_t begin, size_t end)
      : chunk_(chunk), next_(begin), end_(end) {}

  rocksdb::Status Next() override {
    ++next_;
    chunk_.ReadOnFrom(next_ - 1);
    return rocksdb::Status::OK();
  }
  bool has_row() const override { return next_ <= end_; }
  absl::string_view row_key() const override {
    return chunk_.row_key(next_ - 1);
  }
  absl::string_view row_value() const override {
    return chunk_.row_value(next_ - 1);
  }

 private:
  const RowChunk& chunk_;
  size_t next_;
  const size_t end_;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ROW_CHUNK_H_
