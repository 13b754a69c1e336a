#include "common/store/store_identity.h"

#include <memory>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/status/status_macros.h"
#include "common/store/engine.h"
#include "common/store/incarnation.h"
#include "common/store/rocksdb_reader.h"
#include "common/store/row.h"
#include "rocksdb/write_batch.h"

namespace rollcall::store {
namespace {

constexpr absl::string_view kOwner = "owner";
constexpr absl::string_view kFormatVersion = "format_version";
constexpr absl::string_view kIncarnation = "incarnation";
constexpr absl::string_view kEpoch = "epoch";

absl::StatusOr<std::string> GetMeta(const RocksDbReader& reader,
                                    const std::string& path,
                                    absl::string_view key) {
  ASSIGN_OR_RETURN(absl::optional<std::string> value,
                   reader.GetRow(RowKey(kMeta, key)));
  if (value.has_value()) return *std::move(value);
  return Damaged(path, absl::StrCat("it does not say its ", key));
}

// OK for a store without a row.
absl::Status CheckEmpty(rocksdb::DB& db, const std::string& path) {
  const std::unique_ptr<rocksdb::Iterator> rows(
      db.NewIterator(rocksdb::ReadOptions()));
  rows->SeekToFirst();
  if (!rows->status().ok()) return ReadError(rows->status());
  if (!rows->Valid()) return absl::OkStatus();
  return Damaged(path, "it has rows, but does not say whose");
}

}  // namespace

absl::StatusOr<absl::optional<StoreIdentity>> FindIdentity(
    rocksdb::DB& db, const std::string& path) {
  const RocksDbReader reader(db, nullptr);
  ASSIGN_OR_RETURN(const auto owner, reader.GetRow(RowKey(kMeta, kOwner)));
  if (!owner.has_value()) {
    RETURN_IF_ERROR(CheckEmpty(db, path));
    return absl::optional<StoreIdentity>();
  }
  StoreIdentity identity;
  identity.owner = *owner;
  ASSIGN_OR_RETURN(identity.format_version,
                   GetMeta(reader, path, kFormatVersion));
  ASSIGN_OR_RETURN(identity.incarnation, GetMeta(reader, path, kIncarnation));
  ASSIGN_OR_RETURN(const std::string epoch, GetMeta(reader, path, kEpoch));
  if (!absl::SimpleAtoi(epoch, &identity.epoch)) {
    return Damaged(path, absl::StrCat("its epoch is ", epoch));
  }
  return absl::optional<StoreIdentity>(std::move(identity));
}

absl::StatusOr<StoreIdentity> ReadIdentity(rocksdb::DB& db,
                                           const std::string& path) {
  ASSIGN_OR_RETURN(absl::optional<StoreIdentity> identity,
                   FindIdentity(db, path));
  if (identity.has_value()) return *std::move(identity);
  return Damaged(path, "it has no row, not even of itself");
}

absl::Status SaveIdentity(rocksdb::DB& db, const std::string& path,
                          const StoreIdentity& identity) {
  const std::pair<absl::string_view, std::string> rows[] = {
      {kOwner, identity.owner},
      {kFormatVersion, identity.format_version},
      {kIncarnation, identity.incarnation},
      {kEpoch, absl::StrCat(identity.epoch)},
  };
  rocksdb::WriteBatch batch;
  rocksdb::Status status;
  for (const auto& [key, value] : rows) {
    const std::string row_key = RowKey(kMeta, key);
    status = batch.Put(row_key, RowValue(row_key, value));
    if (!status.ok()) return OpenError(*db.GetEnv(), path, status);
  }
  status = db.Write(Synced(), &batch);
  if (!status.ok()) return OpenError(*db.GetEnv(), path, status);
  return absl::OkStatus();
}

std::string DrawIncarnation(rocksdb::Env& env, absl::string_view previous) {
  std::random_device random;
  return NextIncarnation(
      previous, absl::FromUnixMicros(env.GetSystemClock()->NowMicros()),
      {random(), random(), random()});
}

}  // namespace rollcall::store
