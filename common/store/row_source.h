// Gives rows one after the other: what a merge reads from.
#ifndef ROLLCALL_COMMON_STORE_ROW_SOURCE_H_
#define ROLLCALL_COMMON_STORE_ROW_SOURCE_H_

#include "absl/strings/string_view.h"
#include "rocksdb/status.h"

namespace rollcall::store {

// In the order of the row keys. One thread. What a row's key and value point to
// is valid until the next call of Next.
class RowSource {
 public:
  virtual ~RowSource() = default;

  // Goes to the first row, and then to the next one.
  virtual rocksdb::Status Next() = 0;
  // Whether there is a row here; if not, this is the end.
  virtual bool has_row() const = 0;
  virtual absl::string_view row_key() const = 0;
  virtual absl::string_view row_value() const = 0;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ROW_SOURCE_H_
