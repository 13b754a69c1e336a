#include "common/store/bulk_folder.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "rocksdb/options.h"

namespace rollcall::store {
namespace {

bool IsDots(absl::string_view name) { return name == "." || name == ".."; }

}  // namespace

rocksdb::Status MakeBulkFolder(rocksdb::Env& env, const std::string& folder) {
  const rocksdb::Status status =
      env.CreateDirIfMissing(folder.substr(0, folder.rfind('/')));
  return status.ok() ? env.CreateDirIfMissing(folder) : status;
}

rocksdb::Status RemoveBulkFolder(rocksdb::Env& env, const std::string& folder) {
  std::vector<std::string> names;
  rocksdb::Status status = env.GetChildren(folder, &names);
  if (status.IsNotFound() || status.IsPathNotFound()) {
    return rocksdb::Status::OK();
  }
  for (const std::string& name : names) {
    if (!status.ok()) return status;
    if (!IsDots(name)) status = env.DeleteFile(absl::StrCat(folder, "/", name));
  }
  return status.ok() ? env.DeleteDir(folder) : status;
}

rocksdb::Status RemoveBulkLeftovers(rocksdb::Env& env,
                                    const std::string& folder) {
  std::vector<std::string> names;
  const rocksdb::Status status = env.GetChildren(folder, &names);
  if (status.IsNotFound() || status.IsPathNotFound()) {
    return rocksdb::Status::OK();
  }
  if (!status.ok()) return status;
  for (const std::string& name : names) {
    if (IsDots(name)) continue;
    const rocksdb::Status removed =
        RemoveBulkFolder(env, absl::StrCat(folder, "/", name));
    if (!removed.ok()) return removed;
  }
  return rocksdb::Status::OK();
}

rocksdb::Status HandOverTables(rocksdb::DB& db,
                               const std::vector<std::string>& tables) {
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  // The files stay as they were synced; the manifest keeps what is added.
  options.write_global_seqno = false;
  return db.IngestExternalFile(tables, options);
}

}  // namespace rollcall::store
