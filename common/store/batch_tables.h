// A large batch as table files: its rows go around the log and the memory of
// RocksDB, and each is sorted, indexed and checked once. What costs a commit of
// ten thousand rows most, placing each among those in memory, and writing it
// three times before it is where it stays, is left out.
//
// Rows of a large table have files of their own, so that those whose keys grow
// (feeds) or are new altogether go straight to where they stay. A crash leaves
// what bulk_load.h says: all rows or none.
#ifndef ROLLCALL_COMMON_STORE_BATCH_TABLES_H_
#define ROLLCALL_COMMON_STORE_BATCH_TABLES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "common/store/store.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/status.h"

namespace rollcall::store {

// One thread. All that is passed in outlives this.
class BatchTables {
 public:
  // `folder` is its own, is made by Write and removed with this.
  BatchTables(rocksdb::DB& db, rocksdb::Env& env, std::string folder,
              const Batch& batch);
  ~BatchTables();

  BatchTables(const BatchTables&) = delete;
  BatchTables& operator=(const BatchTables&) = delete;

  // Writes and syncs the files. Nothing is seen of them yet.
  rocksdb::Status Write();

  // Makes all rows durable and visible at once; after Write.
  rocksdb::Status HandOver();

 private:
  // Rows that come one after the other, for one file.
  struct Part {
    size_t begin = 0;
    size_t end = 0;
    std::string path;
  };

  void SortRows();
  void MakeParts();
  rocksdb::Status WritePart(const Part& part,
                            const rocksdb::Options& options) const;

  rocksdb::DB& db_;
  rocksdb::Env& env_;
  const std::string folder_;
  const Batch& batch_;
  // The last operation on each key, in the order of keys.
  std::vector<const Batch::Operation*> rows_;
  std::vector<Part> parts_;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_BATCH_TABLES_H_
