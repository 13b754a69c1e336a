// The folders in which files wait for RocksDB to take them over: those of bulk
// loads and of large batches. A crash leaves them; the next opening removes
// them.
#ifndef ROLLCALL_COMMON_STORE_BULK_FOLDER_H_
#define ROLLCALL_COMMON_STORE_BULK_FOLDER_H_

#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/status.h"

namespace rollcall::store {

// Makes a folder, and the one that it is in, unless they are there.
rocksdb::Status MakeBulkFolder(rocksdb::Env& env, const std::string& folder);

// Removes a folder and the files in it, if it is there.
rocksdb::Status RemoveBulkFolder(rocksdb::Env& env, const std::string& folder);

// Removes what an earlier process left below `folder`.
rocksdb::Status RemoveBulkLeftovers(rocksdb::Env& env,
                                    const std::string& folder);

// Hands table files over to RocksDB, all or none: they are in the store, and
// durable, when this returns OK. Their rows win over those that are there.
rocksdb::Status HandOverTables(rocksdb::DB& db,
                               const std::vector<std::string>& tables);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_BULK_FOLDER_H_
