// Reaches around a store to the files and rows of its engine, as damage does.
// For tests.
#ifndef ROLLCALL_COMMON_STORE_ENGINE_TESTING_H_
#define ROLLCALL_COMMON_STORE_ENGINE_TESTING_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "rocksdb/db.h"

namespace rollcall::store {

// A directory that goes away with this.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The largest file of a directory whose name ends with `suffix`.
std::string LargestFile(const std::string& directory, absl::string_view suffix);

// Changes one byte at `part` (0: the first, 0.5: the middle) of a file.
void FlipByte(const std::string& path, double part);

// Takes the last bytes off a file.
void CutTail(const std::string& path, uint64_t bytes);

// The engine of a store that is closed, as RocksDB opens it when it is told
// nothing else; made if there is none.
std::unique_ptr<rocksdb::DB> OpenEngine(const std::string& path);

// The rows that a full scan of the engine meets.
int CountRows(rocksdb::DB& db);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ENGINE_TESTING_H_
