// Puts sorted rows aside in a file, and gives them back in the same order.
//
// The file is for this process only, and never synced. A row that the disk did
// not keep as it was is found by the row's own checksum when it is read; a file
// that lost its tail is an error here.
#ifndef ROLLCALL_COMMON_STORE_ROW_SPOOL_H_
#define ROLLCALL_COMMON_STORE_ROW_SPOOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/store/row_chunk.h"
#include "common/store/row_source.h"
#include "rocksdb/env.h"
#include "rocksdb/status.h"

namespace rollcall::store {

// Writes the rows of a sorted chunk to a new file, and tells where in it the
// row number `mark` begins, or would.
rocksdb::Status SpoolRows(rocksdb::Env& env, const std::string& path,
                          const RowChunk& chunk, size_t mark,
                          uint64_t* mark_offset);

// Some rows of such a file.
class SpoolSource : public RowSource {
 public:
  // The `row_count` rows from `offset` on.
  static rocksdb::Status Open(rocksdb::Env& env, const std::string& path,
                              uint64_t offset, size_t row_count,
                              std::unique_ptr<SpoolSource>* source);

  rocksdb::Status Next() override;
  bool has_row() const override { return has_row_; }
  absl::string_view row_key() const override { return row_key_; }
  absl::string_view row_value() const override { return row_value_; }

 private:
  SpoolSource(std::unique_ptr<rocksdb::SequentialFile> file, size_t row_count)
      : file_(std::move(file)), rows_left_(row_count) {}

  // The next bytes of the file, read into the buffer if they are not there.
  rocksdb::Status Take(size_t size, absl::string_view& bytes);

  const std::unique_ptr<rocksdb::SequentialFile> file_;
  size_t rows_left_;
  bool has_row_ = false;
  absl::string_view row_key_;
  absl::string_view row_value_;
  std::string buffer_;
  size_t begin_ = 0;  // What of the buffer is still to come: from here
  size_t end_ = 0;    // to here.
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ROW_SPOOL_H_
