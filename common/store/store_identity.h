// What a store knows of itself: whose it is, in which format, which history it
// has and how often it was opened. Rows of a partition that no caller has.
#ifndef ROLLCALL_COMMON_STORE_STORE_IDENTITY_H_
#define ROLLCALL_COMMON_STORE_STORE_IDENTITY_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"

namespace rollcall::store {

struct StoreIdentity {
  std::string owner;
  std::string format_version;
  std::string incarnation;
  int64_t epoch = 0;
};

// None in a store that is new. DATA_LOSS, reason STORE_DAMAGED, if there are
// rows but not all of these. `path` is for errors.
absl::StatusOr<absl::optional<StoreIdentity>> FindIdentity(
    rocksdb::DB& db, const std::string& path);

// The same, of a store that is not new.
absl::StatusOr<StoreIdentity> ReadIdentity(rocksdb::DB& db,
                                           const std::string& path);

// Writes it durably, all or nothing.
absl::Status SaveIdentity(rocksdb::DB& db, const std::string& path,
                          const StoreIdentity& identity);

// Names a history that begins now and comes after `previous` (incarnation.h).
std::string DrawIncarnation(rocksdb::Env& env, absl::string_view previous);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_STORE_IDENTITY_H_
