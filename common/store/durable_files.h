// Moves, copies and removes files so that a power cut does not undo what has
// returned OK. Errors are UNAVAILABLE, reason STORE_FILE_FAILED.
#ifndef ROLLCALL_COMMON_STORE_DURABLE_FILES_H_
#define ROLLCALL_COMMON_STORE_DURABLE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rollcall::store {

// From the root on, and without a slash at its end.
std::string AbsolutePath(const std::string& path);

// The names in a folder; none if it does not exist.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);

// Makes a folder, unless it is there. Its parent exists.
absl::Status MakeFolder(const std::string& path);

// Removes a folder with all that is in it, if it is there.
absl::Status RemoveFolder(const std::string& path);

// Renames within a folder, or between two. What is at `to` must not be there,
// or be an empty folder.
absl::Status Rename(const std::string& from, const std::string& to);

// Copies one file; its folder has to be synced later (SyncFolder).
absl::Status CopyFile(const std::string& from, const std::string& to);

absl::Status SyncFolder(const std::string& path);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_DURABLE_FILES_H_
