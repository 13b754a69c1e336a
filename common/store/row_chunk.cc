#include "common/store/row_chunk.h"

#include <algorithm>

#include "common/store/row.h"

namespace rollcall::store {
namespace {

// How many bytes two keys share at their beginnings.
size_t SharedPrefix(absl::string_view a, absl::string_view b) {
  const size_t end = std::min(a.size(), b.size());
  return static_cast<size_t>(
      std::mismatch(a.begin(), a.begin() + end, b.begin()).first - a.begin());
}

// The eight bytes from `begin` on as a number that is ordered as they are;
// zeros where the key has ended, so that equal marks say nothing.
uint64_t MarkAt(absl::string_view key, size_t begin) {
  uint64_t mark = 0;
  for (size_t i = begin; i < begin + sizeof(mark); ++i) {
    mark = mark << 8 | (i < key.size() ? static_cast<uint8_t>(key[i]) : 0);
  }
  return mark;
}

}  // namespace

void RowChunk::Add(absl::string_view prefix, absl::string_view key,
                   absl::string_view value) {
  const size_t offset = bytes_.size();
  bytes_.append(prefix.data(), prefix.size());
  bytes_.append(key.data(), key.size());
  const size_t key_size = bytes_.size() - offset;
  AppendRowValue(absl::string_view(bytes_).substr(offset), value, bytes_);
  rows_.push_back(
      {.offset = offset,
       .key_size = static_cast<uint32_t>(key_size),
       .value_size = static_cast<uint32_t>(bytes_.size() - offset - key_size)});
}

void RowChunk::AddAll(const RowChunk& other) {
  const size_t begin = bytes_.size();
  bytes_.append(other.bytes_);
  for (Row row : other.rows_) {
    row.offset += begin;
    rows_.push_back(row);
  }
}

void RowChunk::Sort() {
  if (rows_.empty()) return;
  // Keys of one table begin with the same bytes, which would be compared over
  // and over again.
  size_t shared = rows_[0].key_size;
  for (size_t i = 1; i < rows_.size(); ++i) {
    shared = std::min(shared,
                      SharedPrefix(row_key(0).substr(0, shared), row_key(i)));
  }
  for (size_t i = 0; i < rows_.size(); ++i) {
    rows_[i].mark = MarkAt(row_key(i), shared);
  }
  const absl::string_view bytes = bytes_;
  std::sort(rows_.begin(), rows_.end(), [bytes](const Row& a, const Row& b) {
    if (a.mark != b.mark) return a.mark < b.mark;
    return bytes.substr(a.offset, a.key_size) <
           bytes.substr(b.offset, b.key_size);
  });
}

size_t RowChunk::CountBefore(absl::string_view row_key) const {
  const absl::string_view bytes = bytes_;
  const auto found = std::partition_point(
      rows_.begin(), rows_.end(), [bytes, row_key](const Row& row) {
        return bytes.substr(row.offset, row.key_size) < row_key;
      });
  return static_cast<size_t>(found - rows_.begin());
}

void RowChunk::ReadOnFrom(size_t i) const {
  constexpr size_t kRowsAhead = 8;
  constexpr size_t kLineBytes = 64;
  constexpr size_t kMostBytes = 4 * kLineBytes;  // A row of a user.
  if (i + kRowsAhead >= rows_.size()) return;
  const Row& row = rows_[i + kRowsAhead];
  const size_t size =
      std::min(size_t{row.key_size} + row.value_size, kMostBytes);
  for (size_t at = 0; at < size; at += kLineBytes) {
    __builtin_prefetch(bytes_.data() + row.offset + at);
  }
}

void RowChunk::Clear() {
  bytes_.clear();
  rows_.clear();
}

}  // namespace rollcall::store
