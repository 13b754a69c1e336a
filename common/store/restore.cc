#include "common/store/restore.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/checkpoint.h"
#include "common/store/checkpoint_names.h"
#include "common/store/durable_files.h"
#include "common/store/engine.h"
#include "common/store/store_identity.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"

namespace rollcall::store {
namespace {

namespace fs = std::filesystem;

rocksdb::Env& Disk() { return *rocksdb::Env::Default(); }

// --- What may be restored, and where to --------------------------------------

absl::Status CheckIsCheckpoint(const std::string& path) {
  if (fs::exists(path + "/" + kCheckpointMark)) return absl::OkStatus();
  return FailedPrecondition(
      "NOT_A_CHECKPOINT",
      absl::StrCat("At ", path, " is no checkpoint: it has no file ",
                   kCheckpointMark, "."),
      {{"path", path}});
}

// Holds a file of the system's locks for as long as it lives.
class FolderLock {
 public:
  static absl::StatusOr<FolderLock> Take(const std::string& folder) {
    const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) {
      return FolderLock(file);
    }
    const bool is_held = file >= 0;
    if (is_held) close(file);
    return Unavailable(
        is_held ? "RESTORE_UNDER_WAY" : "STORE_FILE_FAILED",
        absl::StrCat(is_held ? "Another restoring is under way in "
                             : "There is no folder at ",
                     folder, "."),
        {{"path", folder}});
  }
  ~FolderLock() {
    if (file_ >= 0) close(file_);
  }
  FolderLock(FolderLock&& other) noexcept
      : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

// Keeps every other process out of a store for as long as it lives.
class StoreLock {
 public:
  // No lock if there is nothing to lock.
  static absl::StatusOr<std::unique_ptr<StoreLock>> Take(
      const std::string& store) {
    auto lock = std::make_unique<StoreLock>();
    const std::string file = store + "/LOCK";
    if (!fs::exists(file)) return lock;
    const rocksdb::Status status = Disk().LockFile(file, &lock->held_);
    if (!status.ok()) return OpenError(Disk(), store, status);
    return lock;
  }
  StoreLock() = default;
  ~StoreLock() {
    if (held_ != nullptr) Disk().UnlockFile(held_).PermitUncheckedError();
  }
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

 private:
  rocksdb::FileLock* held_ = nullptr;
};

absl::Status CheckPlace(const std::string& path, bool is_taken) {
  if (!is_taken) return absl::OkStatus();
  return AlreadyExists(
      "STORE_EXISTS",
      absl::StrCat("There is something at ", path,
                   " already; --replace moves a store aside and deletes "
                   "nothing."),
      {{"path", path}});
}

// --- The copy ----------------------------------------------------------------

absl::Status CopyCheckpoint(const std::string& checkpoint,
                            const std::string& folder) {
  RETURN_IF_ERROR(MakeFolder(folder));
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   ListFolder(checkpoint));
  for (const std::string& name : names) {
    // The diaries of those that looked at it are not part of it.
    if (name == kCheckpointMark || name == "LOCK" ||
        absl::StartsWith(name, "LOG")) {
      continue;
    }
    RETURN_IF_ERROR(CopyFile(absl::StrCat(checkpoint, "/", name),
                             absl::StrCat(folder, "/", name)));
  }
  return SyncFolder(folder);
}

// The incarnation of a store that may be damaged, or be none; empty if it
// cannot be read.
std::string IncarnationAt(const std::string& path) {
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(EngineOptions(&Disk(), {}), path, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return "";
  const auto identity = ReadIdentity(*db, path);
  return identity.ok() ? identity->incarnation : "";
}

// Begins another history, later than `replaced` and than its own.
absl::Status Redraw(const std::string& path, const std::string& replaced) {
  RETURN_IF_ERROR(CheckHasCurrent(Disk(), path));
  rocksdb::Options engine = EngineOptions(&Disk(), {});
  engine.disable_auto_compactions = true;  // Not before it is verified.
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(engine, path, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return OpenError(Disk(), path, status);
  ASSIGN_OR_RETURN(StoreIdentity identity, ReadIdentity(*db, path));
  identity.incarnation =
      DrawIncarnation(Disk(), std::max(identity.incarnation, replaced));
  return SaveIdentity(*db, path, identity);
}

// Makes the whole new store in `folder`.
absl::StatusOr<CopyFacts> Prepare(const std::string& checkpoint,
                                  const std::string& replaced_incarnation,
                                  const std::string& folder) {
  RETURN_IF_ERROR(CopyCheckpoint(checkpoint, folder));
  RETURN_IF_ERROR(Redraw(folder, replaced_incarnation));
  ASSIGN_OR_RETURN(CopyFacts facts, VerifyCopy({.path = folder}));
  RETURN_IF_ERROR(SyncFolder(folder));
  return facts;
}

absl::Status MoveAside(const std::string& store, const std::string& replaced) {
  ASSIGN_OR_RETURN(const std::vector<std::string> found, ListFolder(replaced));
  RETURN_IF_ERROR(CheckPlace(replaced, !found.empty()));
  return Rename(store, replaced);
}

}  // namespace

absl::StatusOr<Restored> RestoreStore(const RestoreOptions& options) {
  const std::string checkpoint = AbsolutePath(options.checkpoint);
  const std::string store = AbsolutePath(options.store);
  RETURN_IF_ERROR(CheckIsCheckpoint(checkpoint));
  ASSIGN_OR_RETURN(const FolderLock restoring,
                   FolderLock::Take(fs::path(store).parent_path()));
  ASSIGN_OR_RETURN(const std::unique_ptr<StoreLock> lock,
                   StoreLock::Take(store));
  // An empty folder is as good as none.
  ASSIGN_OR_RETURN(const std::vector<std::string> found, ListFolder(store));
  const bool is_taken = !found.empty();
  if (!options.replace) RETURN_IF_ERROR(CheckPlace(store, is_taken));

  const std::string folder = store + ".restoring";
  RETURN_IF_ERROR(RemoveFolder(folder));
  const absl::StatusOr<CopyFacts> facts =
      Prepare(checkpoint, is_taken ? IncarnationAt(store) : "", folder);
  if (!facts.ok()) {
    RETURN_IF_ERROR(RemoveFolder(folder));
    return Annotate(facts.status(),
                    absl::StrCat("Nothing was restored from ", checkpoint));
  }
  Restored restored{.owner = facts->identity.owner,
                    .incarnation = facts->identity.incarnation,
                    .rows = facts->rows};
  if (is_taken) {
    restored.replaced =
        absl::StrCat(store, ".replaced-", CheckpointName(options.now));
    RETURN_IF_ERROR(MoveAside(store, restored.replaced));
  }
  const absl::Status moved = Rename(folder, store);
  if (moved.ok()) return restored;
  return Annotate(moved, is_taken
                             ? absl::StrCat("The store that was there is at ",
                                            restored.replaced)
                             : "Nothing was restored");
}

}  // namespace rollcall::store
