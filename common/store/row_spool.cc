#include "common/store/row_spool.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace rollcall::store {
namespace {

// In front of each row, in this machine's order of bytes.
struct RowSizes {
  uint32_t key = 0;
  uint32_t value = 0;
};

// There is one for each spool when they are merged.
constexpr size_t kReadBytes = size_t{128} << 10;
constexpr size_t kWriteBytes = size_t{256} << 10;

}  // namespace

rocksdb::Status SpoolRows(rocksdb::Env& env, const std::string& path,
                          const RowChunk& chunk, size_t mark,
                          uint64_t* mark_offset) {
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status =
      env.NewWritableFile(path, &file, rocksdb::EnvOptions());
  std::string buffer;
  buffer.reserve(kWriteBytes);
  uint64_t offset = 0;
  for (size_t i = 0; i < chunk.row_count() && status.ok(); ++i) {
    if (i == mark) *mark_offset = offset;
    chunk.ReadOnFrom(i);
    const absl::string_view key = chunk.row_key(i);
    const absl::string_view value = chunk.row_value(i);
    const RowSizes sizes = {.key = static_cast<uint32_t>(key.size()),
                            .value = static_cast<uint32_t>(value.size())};
    buffer.append(reinterpret_cast<const char*>(&sizes), sizeof(sizes));
    buffer.append(key.data(), key.size());
    buffer.append(value.data(), value.size());
    offset += sizeof(sizes) + key.size() + value.size();
    if (buffer.size() >= kWriteBytes || i + 1 == chunk.row_count()) {
      status = file->Append(buffer);
      buffer.clear();
    }
  }
  if (mark >= chunk.row_count()) *mark_offset = offset;
  return status.ok() ? file->Close() : status;
}

rocksdb::Status SpoolSource::Open(rocksdb::Env& env, const std::string& path,
                                  uint64_t offset, size_t row_count,
                                  std::unique_ptr<SpoolSource>* source) {
  std::unique_ptr<rocksdb::SequentialFile> file;
  rocksdb::Status status =
      env.NewSequentialFile(path, &file, rocksdb::EnvOptions());
  if (status.ok() && offset > 0) status = file->Skip(offset);
  if (status.ok()) source->reset(new SpoolSource(std::move(file), row_count));
  return status;
}

rocksdb::Status SpoolSource::Take(size_t size, absl::string_view& bytes) {
  if (end_ - begin_ < size) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    buffer_.resize(std::max({buffer_.size(), size, kReadBytes}));
  }
  while (end_ < begin_ + size) {
    rocksdb::Slice read;
    const rocksdb::Status status =
        file_->Read(buffer_.size() - end_, &read, buffer_.data() + end_);
    if (!status.ok()) return status;
    if (read.empty()) {
      return rocksdb::Status::Corruption("rows that were put aside are gone");
    }
    // An environment may answer from memory of its own.
    std::memmove(buffer_.data() + end_, read.data(), read.size());
    end_ += read.size();
  }
  bytes = absl::string_view(buffer_).substr(begin_, size);
  begin_ += size;
  return rocksdb::Status::OK();
}

rocksdb::Status SpoolSource::Next() {
  has_row_ = rows_left_ > 0;
  if (!has_row_) return rocksdb::Status::OK();
  --rows_left_;
  absl::string_view bytes;
  rocksdb::Status status = Take(sizeof(RowSizes), bytes);
  if (!status.ok()) return status;
  RowSizes sizes;
  std::memcpy(&sizes, bytes.data(), sizeof(sizes));
  status = Take(size_t{sizes.key} + sizes.value, bytes);
  if (!status.ok()) return status;
  row_key_ = bytes.substr(0, sizes.key);
  row_value_ = bytes.substr(sizes.key);
  return rocksdb::Status::OK();
}

}  // namespace rollcall::store
