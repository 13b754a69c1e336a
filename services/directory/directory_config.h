// Decides what a directory's configuration may be, and what an update makes of
// it (R14, R17): all of it or nothing. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_CONFIG_H_
#define ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

inline constexpr size_t kMaxSelectedGroups = 400;  // R17.

// How often changes are asked for (B6).
inline constexpr absl::Duration kMinPollingInterval = absl::Minutes(1);
inline constexpr absl::Duration kMaxPollingInterval = absl::Hours(24);
inline constexpr absl::Duration kDefaultPollingInterval = absl::Minutes(5);

enum class GuestPolicy { kImport, kExclude };
// What becomes of the username of a user whom the source renames (A3).
enum class RenamePolicy { kHold, kFollow };

// A batch over both figures is held (B2).
struct GuardLimit {
  int percent = 10;
  int count = 5;

  friend bool operator==(const GuardLimit&, const GuardLimit&) = default;
};

// What a sync may do without being asked. Absent: the default of GuardLimit.
struct GuardLimits {
  absl::optional<GuardLimit> removed;
  absl::optional<GuardLimit> disabled;
  absl::optional<GuardLimit> groups_emptied;
  absl::optional<GuardLimit> merged;
  absl::optional<GuardLimit> emails_cleared;

  friend bool operator==(const GuardLimits&, const GuardLimits&) = default;
};

// What an operator decides about a directory. A value.
struct DirectoryConfig {
  std::string display_name;
  std::string connection;  // Immutable.
  bool enrollment_mail_enabled = false;
  bool phone_import_enabled = false;
  bool username_normalization_enabled = false;
  GuestPolicy guest_policy = GuestPolicy::kImport;
  RenamePolicy rename_policy = RenamePolicy::kHold;
  std::string default_region_code;
  std::vector<SourceId> selected_groups;  // By identity, never by name (R19).
  absl::optional<absl::Duration> polling_interval;  // Absent: the default.
  GuardLimits guard_limits;

  friend bool operator==(const DirectoryConfig&,
                         const DirectoryConfig&) = default;
};

// The same with selected groups only once each, the region in upper case, and
// defaults absent, so that equal configurations compare equal.
// INVALID_ARGUMENT, with the field, if it may not be: reasons
// DISPLAY_NAME_INVALID, TOO_MANY_GROUPS, REGION_INVALID,
// POLLING_INTERVAL_INVALID, GUARD_LIMIT_INVALID.
absl::StatusOr<DirectoryConfig> Validate(DirectoryConfig config);

// `current` with the fields of `update` that `paths` names, validated. No
// paths: the fields of `update` that are set; `*`: all. Output-only paths are
// ignored. INVALID_ARGUMENT, reasons MASK_PATH_UNKNOWN and FIELD_IMMUTABLE.
absl::StatusOr<DirectoryConfig> ApplyUpdate(
    const DirectoryConfig& current, const DirectoryConfig& update,
    const std::vector<std::string>& paths);

enum class DirectoryState {
  kSetupIncomplete,
  kConnected,
  kReauthorizationRequired,
  kNeedsAttention,
  kDeleted,
};

// What decides the state.
struct StateFacts {
  bool deleted = false;                   // A9.
  bool reauthorization_required = false;  // R8.
  bool has_selected_group = false;        // A10.
  bool selected_group_missing = false;    // R19, A7.
};

// The state, the most urgent one if several would do.
DirectoryState StateOf(const StateFacts& facts);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_CONFIG_H_
