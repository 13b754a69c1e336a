#include "services/directory/directory_config.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/identity/values.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::directory {
namespace {

constexpr size_t kMaxDisplayNameBytes = 256;
constexpr int kMaxGuardCount = 1'000'000;
// Whatever a directory says, reconciliation holds more than half of what there
// is; a limit that promises more would be a lie.
constexpr int kMaxGuardPercent = 50;

// A field that an update may name.
struct UpdatableField {
  absl::string_view path;
  bool (*is_set)(const DirectoryConfig& update);
  void (*copy)(const DirectoryConfig& from, DirectoryConfig& to);
};

// Whether it differs from the default, as a message without presence tells it.
template <auto Member>
bool IsSet(const DirectoryConfig& update) {
  return update.*Member != DirectoryConfig().*Member;
}
template <auto Member>
void Copy(const DirectoryConfig& from, DirectoryConfig& to) {
  to.*Member = from.*Member;
}
template <auto Member>
constexpr UpdatableField FieldAt(absl::string_view path) {
  return {path, IsSet<Member>, Copy<Member>};
}

template <auto Limit>
constexpr UpdatableField LimitAt(absl::string_view path) {
  return {path,
          [](const DirectoryConfig& update) {
            return (update.guard_limits.*Limit).has_value();
          },
          [](const DirectoryConfig& from, DirectoryConfig& to) {
            to.guard_limits.*Limit = from.guard_limits.*Limit;
          }};
}

using Config = DirectoryConfig;
constexpr UpdatableField kFields[] = {
    FieldAt<&Config::display_name>("display_name"),
    FieldAt<&Config::connection>("connection"),
    FieldAt<&Config::enrollment_mail_enabled>("enrollment_mail_enabled"),
    FieldAt<&Config::phone_import_enabled>("phone_import_enabled"),
    FieldAt<&Config::username_normalization_enabled>(
        "username_normalization_enabled"),
    FieldAt<&Config::guest_policy>("guest_policy"),
    FieldAt<&Config::rename_policy>("rename_policy"),
    FieldAt<&Config::default_region_code>("default_region_code"),
    FieldAt<&Config::selected_groups>("selected_groups"),
    FieldAt<&Config::polling_interval>("polling_interval"),
    // Without a mask each limit counts by itself.
    {"guard_limits", [](const Config&) { return false; },
     Copy<&Config::guard_limits>},
    LimitAt<&GuardLimits::removed>("guard_limits.removed"),
    LimitAt<&GuardLimits::disabled>("guard_limits.disabled"),
    LimitAt<&GuardLimits::groups_emptied>("guard_limits.groups_emptied"),
    LimitAt<&GuardLimits::merged>("guard_limits.merged"),
    LimitAt<&GuardLimits::emails_cleared>("guard_limits.emails_cleared"),
};

constexpr absl::string_view kIgnoredPaths[] = {
    "name",        "state",       "directory_key", "etag",
    "create_time", "update_time", "delete_time",   "user_disposition"};

const UpdatableField* FindField(absl::string_view path) {
  const auto* found =
      std::find_if(std::begin(kFields), std::end(kFields),
                   [path](const auto& field) { return field.path == path; });
  return found == std::end(kFields) ? nullptr : found;
}

absl::Status CopyPath(absl::string_view path, const DirectoryConfig& update,
                      DirectoryConfig& config) {
  if (const UpdatableField* field = FindField(path)) {
    field->copy(update, config);
    return absl::OkStatus();
  }
  if (std::find(std::begin(kIgnoredPaths), std::end(kIgnoredPaths), path) !=
      std::end(kIgnoredPaths)) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "MASK_PATH_UNKNOWN",
      absl::StrCat("A directory has no field `", path, "` that an update can ",
                   "change."),
      {{"field", "update_mask"}, {"path", std::string(path)}});
}

absl::Status CheckDisplayName(absl::string_view name) {
  const bool good = !absl::StripAsciiWhitespace(name).empty() &&
                    name.size() <= kMaxDisplayNameBytes && IsValidUtf8(name) &&
                    std::none_of(name.begin(), name.end(), absl::ascii_iscntrl);
  if (good) return absl::OkStatus();
  return InvalidArgument(
      "DISPLAY_NAME_INVALID",
      absl::StrCat("A display name has 1 to ", kMaxDisplayNameBytes,
                   " bytes and no control characters."),
      {{"field", "directory.display_name"}});
}

absl::Status CheckRegion(absl::string_view region) {
  const bool good =
      region.empty() || (region.size() == 2 && absl::ascii_isupper(region[0]) &&
                         absl::ascii_isupper(region[1]));
  if (good) return absl::OkStatus();
  return InvalidArgument(
      "REGION_INVALID",
      "A region is two letters of ISO 3166-1, for example GB.",
      {{"field", "directory.default_region_code"}});
}

// R17: refused as a whole.
absl::Status CheckGroups(const std::vector<SourceId>& groups) {
  if (groups.size() <= kMaxSelectedGroups) return absl::OkStatus();
  return InvalidArgument(
      "TOO_MANY_GROUPS",
      absl::StrCat("A directory has at most ", kMaxSelectedGroups,
                   " selected groups, not ", groups.size(), "."),
      {{"field", "directory.selected_groups"},
       {"groups", absl::StrCat(groups.size())},
       {"limit", absl::StrCat(kMaxSelectedGroups)}});
}

absl::Status CheckPollingInterval(absl::Duration interval) {
  if (interval >= kMinPollingInterval && interval <= kMaxPollingInterval) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "POLLING_INTERVAL_INVALID",
      absl::StrCat("A tenant is asked for changes every minute at most and ",
                   "every day at least, not every ",
                   absl::FormatDuration(interval), "."),
      {{"field", "directory.polling_interval"}});
}

// A limit that stays as it is stored is not looked at.
absl::Status CheckLimit(const absl::optional<GuardLimit>& limit,
                        const absl::optional<GuardLimit>& stored,
                        absl::string_view name) {
  if (!limit.has_value() || limit == stored ||
      (limit->percent >= 0 && limit->percent <= kMaxGuardPercent &&
       limit->count >= 0 && limit->count <= kMaxGuardCount)) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "GUARD_LIMIT_INVALID",
      absl::StrCat("A limit has 0 to ", kMaxGuardPercent,
                   " percent, for more than that is held in any case, and a "
                   "count of 0 to ",
                   kMaxGuardCount, ", not ", limit->percent, " and ",
                   limit->count, "."),
      {{"field", absl::StrCat("directory.guard_limits.", name)}});
}

absl::Status CheckLimits(const GuardLimits& limits, const GuardLimits& stored) {
  RETURN_IF_ERROR(CheckLimit(limits.removed, stored.removed, "removed"));
  RETURN_IF_ERROR(CheckLimit(limits.disabled, stored.disabled, "disabled"));
  RETURN_IF_ERROR(CheckLimit(limits.groups_emptied, stored.groups_emptied,
                             "groups_emptied"));
  RETURN_IF_ERROR(CheckLimit(limits.merged, stored.merged, "merged"));
  return CheckLimit(limits.emails_cleared, stored.emails_cleared,
                    "emails_cleared");
}

void RemoveDefaults(DirectoryConfig& config) {
  if (config.polling_interval == kDefaultPollingInterval) {
    config.polling_interval = absl::nullopt;
  }
  GuardLimits& limits = config.guard_limits;
  for (absl::optional<GuardLimit>* limit :
       {&limits.removed, &limits.disabled, &limits.groups_emptied,
        &limits.merged, &limits.emails_cleared}) {
    if (*limit == GuardLimit()) *limit = absl::nullopt;
  }
}

// Keeps the operator's order.
void RemoveRepeats(std::vector<SourceId>& groups) {
  absl::flat_hash_set<SourceId> seen;
  groups.erase(
      std::remove_if(groups.begin(), groups.end(),
                     [&](const auto& id) { return !seen.insert(id).second; }),
      groups.end());
}

absl::StatusOr<DirectoryConfig> Validated(DirectoryConfig config,
                                          const GuardLimits& stored) {
  absl::AsciiStrToUpper(&config.default_region_code);
  RemoveRepeats(config.selected_groups);
  RETURN_IF_ERROR(CheckDisplayName(config.display_name));
  RETURN_IF_ERROR(CheckRegion(config.default_region_code));
  RETURN_IF_ERROR(CheckGroups(config.selected_groups));
  RETURN_IF_ERROR(CheckPollingInterval(
      config.polling_interval.value_or(kDefaultPollingInterval)));
  RETURN_IF_ERROR(CheckLimits(config.guard_limits, stored));
  RemoveDefaults(config);
  return config;
}

}  // namespace

absl::StatusOr<DirectoryConfig> Validate(DirectoryConfig config) {
  return Validated(std::move(config), GuardLimits());
}

absl::StatusOr<DirectoryConfig> ApplyUpdate(
    const DirectoryConfig& current, const DirectoryConfig& update,
    const std::vector<std::string>& paths) {
  DirectoryConfig result = current;
  const bool all = paths.size() == 1 && paths[0] == "*";
  for (const UpdatableField& field : kFields) {
    const bool wanted = all || (paths.empty() && field.is_set(update));
    if (wanted) field.copy(update, result);
  }
  if (!all) {
    for (const std::string& path : paths) {
      RETURN_IF_ERROR(CopyPath(path, update, result));
    }
  }
  if (result.connection != current.connection) {
    return InvalidArgument(
        "FIELD_IMMUTABLE",
        "The connection of a directory cannot be changed; create another "
        "directory.",
        {{"field", "directory.connection"}});
  }
  return Validated(std::move(result), current.guard_limits);
}

DirectoryState StateOf(const StateFacts& facts) {
  if (facts.deleted) return DirectoryState::kDeleted;
  if (facts.reauthorization_required) {
    return DirectoryState::kReauthorizationRequired;
  }
  if (!facts.has_selected_group) return DirectoryState::kSetupIncomplete;
  if (facts.selected_group_missing) return DirectoryState::kNeedsAttention;
  return DirectoryState::kConnected;
}

}  // namespace rollcall::directory
