// An ordered key-value store in partitions: atomic inside a partition,
// promising nothing across partitions, so that an embedded engine today and a
// distributed one tomorrow can both keep the promise.
//
// A partition is an account (`acme`), or kInstallation for what belongs to
// none. Inside a partition, keys are byte strings in lexicographic order; build
// them with `common/store/key.h`. Values are byte strings;
// `common/store/proto_table.h` makes them messages.
#ifndef ROLLCALL_COMMON_STORE_STORE_H_
#define ROLLCALL_COMMON_STORE_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace rollcall::store {

// The partition of what belongs to the installation and not to an account. No
// account has this name.
inline constexpr absl::string_view kInstallation = "_";

// Keys from `begin` (inclusive) to `end` (exclusive); an empty `end` has no
// upper bound.
struct KeyRange {
  std::string begin;
  std::string end;

  // All keys that begin with `prefix`.
  static KeyRange Prefix(absl::string_view prefix);
  // All keys that begin with `prefix` and are greater than `key`; pages begin
  // here.
  static KeyRange PrefixAfter(absl::string_view prefix, absl::string_view key);
};

struct Entry {
  std::string key;
  std::string value;
};

// Walks over a range of one partition, as of one instant. One thread.
// A cursor cannot end early unnoticed: the end is an OK status with no entry,
// and damage in the store is an error, never an end (reliability finding 6,
// invariant 31).
class Cursor {
 public:
  virtual ~Cursor() = default;

  // The next entry, or none at the end of the range. After an error or the end,
  // the same answer again.
  virtual absl::StatusOr<absl::optional<Entry>> Next() = 0;
};

// Reads one instant of the store. Thread-safe; a cursor is not.
class Reader {
 public:
  virtual ~Reader() = default;

  // The value, or none if the key does not exist. DATA_LOSS if it is damaged.
  virtual absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const = 0;

  // Walks over a range in key order. The reader must outlive the cursor.
  virtual std::unique_ptr<Cursor> Scan(absl::string_view partition,
                                       const KeyRange& range) const = 0;

  // The partitions that hold any key, in order, kInstallation left out. At most
  // `limit` after `after`.
  virtual absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const = 0;
};

// What is to be written to one partition, all or nothing, and under which
// conditions. A plain value; one thread.
class Batch {
 public:
  struct Operation {
    std::string key;
    absl::optional<std::string> value;  // None: delete.
  };
  struct Condition {
    std::string key;
    absl::optional<std::string> value;  // None: the key must not exist.
  };

  explicit Batch(absl::string_view partition) : partition_(partition) {}

  // Makes room for so many operations.
  void Reserve(size_t operations) { operations_.reserve(operations); }

  void Put(std::string key, std::string value);
  void Delete(std::string key);

  // Compare-and-set: the whole batch is applied only if, at that instant, the
  // key has this value, or does not exist.
  void ExpectValue(std::string key, std::string value);
  void ExpectAbsent(std::string key);

  const std::string& partition() const { return partition_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const std::vector<Condition>& conditions() const { return conditions_; }
  bool empty() const { return operations_.empty(); }
  // Bytes of keys and values, for callers that cut long work into batches.
  size_t byte_size() const { return byte_size_; }

 private:
  std::string partition_;
  std::vector<Operation> operations_;
  std::vector<Condition> conditions_;
  size_t byte_size_ = 0;
};

// Writes very many new rows of one partition, all or nothing, several times as
// fast as batches: rows go around the log and the memory of the engine, and
// straight into sorted files. For the first filling of something that nobody
// looks at yet; what is to be found later belongs into a batch.
//
// The keys are new: no other loader and no batch writes them before Finish has
// returned. Nothing is seen before that. Thread-safe; must not outlive its
// store. Without Finish nothing is left behind.
class BulkLoader {
 public:
  virtual ~BulkLoader() = default;

  // Takes a row, in any order. Memory is bounded by the loader, not by the
  // rows. Errors are those of Store::Commit; every later call fails with them
  // as well.
  virtual absl::Status Add(absl::string_view key, absl::string_view value) = 0;

  // Makes all rows durable and visible at once; once, after the last Add has
  // returned. Errors are those of Store::Commit, and
  //
  // INVALID_ARGUMENT, reason STORE_KEY_TWICE: two rows have the same key;
  // nothing was written.
  virtual absl::Status Finish() = 0;
};

// Thread-safe. Reads see everything that was committed before they began.
class Store : public Reader {
 public:
  // Writes a batch durably, all or nothing. Commits from several threads share
  // one sync (write groups).
  //
  // ABORTED, reason STORE_CONFLICT: a condition does not hold; nothing was
  // written.
  //
  // RESOURCE_EXHAUSTED, reason STORE_DISK_LOW: too little space is free;
  // nothing was written.
  //
  // UNAVAILABLE, reason STORE_FAILED: the outcome is unknown (reliability
  // finding 3); from now on every commit fails, and the process should end and
  // start again: see RocksDbOptions::on_failure.
  virtual absl::Status Commit(const Batch& batch) = 0;

  // Begins to write many rows. What is wrong with the partition, Add says.
  virtual std::unique_ptr<BulkLoader> BeginBulkLoad(
      absl::string_view partition) = 0;

  // Freezes one instant. The store must outlive the snapshot.
  virtual std::unique_ptr<Reader> Snapshot() const = 0;

  // Names this store's history. Made at creation; a restore from a backup must
  // change it (`deploy` tooling), so that whoever remembers a place in this
  // history notices (invariant 22).
  virtual const std::string& incarnation() const = 0;

  // Counts the openings of this store: 1, 2, 3 ... Persisted before Open
  // returns; fences work of an earlier process.
  virtual int64_t epoch() const = 0;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_STORE_H_
