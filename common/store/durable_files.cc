#include "common/store/durable_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::store {
namespace {

namespace fs = std::filesystem;

absl::Status Outcome(const std::error_code& error, absl::string_view what,
                     const std::string& path) {
  if (!error) return absl::OkStatus();
  return Unavailable(
      "STORE_FILE_FAILED",
      absl::StrCat(path, " cannot be ", what, ": ", error.message(), "."),
      {{"path", path}, {"cause", error.message()}});
}

// A file or a folder.
absl::Status Sync(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::error_code error;
  if (file < 0 || fsync(file) != 0) {
    error.assign(errno, std::generic_category());
  }
  if (file >= 0) close(file);
  return Outcome(error, "synced", path);
}

}  // namespace

std::string AbsolutePath(const std::string& path) {
  // With a slash behind it, so that it ends in one in any case.
  return fs::absolute(path + "/").lexically_normal().parent_path();
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(path, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename());
  }
  RETURN_IF_ERROR(Outcome(error, "listed", path));
  return names;
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  if (!fs::create_directory(path, error)) {
    return Outcome(error, "made", path);
  }
  return SyncFolder(fs::path(path).parent_path());
}

absl::Status RemoveFolder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return Outcome(error, "removed", path);
}

absl::Status Rename(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  RETURN_IF_ERROR(Outcome(error, absl::StrCat("renamed to ", to), from));
  const fs::path old_folder = fs::path(from).parent_path();
  const fs::path new_folder = fs::path(to).parent_path();
  RETURN_IF_ERROR(SyncFolder(new_folder));
  return old_folder == new_folder ? absl::OkStatus() : SyncFolder(old_folder);
}

absl::Status CopyFile(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  RETURN_IF_ERROR(Outcome(error, absl::StrCat("copied to ", to), from));
  return Sync(to);
}

absl::Status SyncFolder(const std::string& path) { return Sync(path); }

}  // namespace rollcall::store
