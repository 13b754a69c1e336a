#include "services/directory/directory_messages.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_duration.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {
namespace {

v1::Directory::State MessageOf(DirectoryState state) {
  switch (state) {
    case DirectoryState::kSetupIncomplete:
      return v1::Directory::SETUP_INCOMPLETE;
    case DirectoryState::kConnected:
      return v1::Directory::CONNECTED;
    case DirectoryState::kReauthorizationRequired:
      return v1::Directory::REAUTHORIZATION_REQUIRED;
    case DirectoryState::kNeedsAttention:
      return v1::Directory::NEEDS_ATTENTION;
    case DirectoryState::kDeleted:
      return v1::Directory::DELETED;
  }
  return v1::Directory::STATE_UNSPECIFIED;
}

absl::StatusOr<GuestPolicy> GuestPolicyOf(v1::Directory::GuestPolicy policy) {
  switch (policy) {
    case v1::Directory::GUEST_POLICY_UNSPECIFIED:
    case v1::Directory::IMPORT:
      return GuestPolicy::kImport;
    case v1::Directory::EXCLUDE:
      return GuestPolicy::kExclude;
    default:
      return InvalidArgument("GUEST_POLICY_INVALID",
                             "A guest policy is IMPORT or EXCLUDE.",
                             {{"field", "directory.guest_policy"}});
  }
}

absl::StatusOr<RenamePolicy> RenamePolicyOf(
    v1::Directory::RenamePolicy policy) {
  switch (policy) {
    case v1::Directory::RENAME_POLICY_UNSPECIFIED:
    case v1::Directory::HOLD:
      return RenamePolicy::kHold;
    case v1::Directory::FOLLOW:
      return RenamePolicy::kFollow;
    default:
      return InvalidArgument("RENAME_POLICY_INVALID",
                             "A rename policy is HOLD or FOLLOW.",
                             {{"field", "directory.rename_policy"}});
  }
}

// The limits of a message of the contract or of the store: their fields have
// the same names.
template <typename Message>
GuardLimits LimitsOf(const Message& message) {
  const auto limit = [](bool is_set, const auto& figures) {
    return is_set ? absl::make_optional(GuardLimit{.percent = figures.percent(),
                                                   .count = figures.count()})
                  : absl::nullopt;
  };
  return {.removed = limit(message.has_removed(), message.removed()),
          .disabled = limit(message.has_disabled(), message.disabled()),
          .groups_emptied =
              limit(message.has_groups_emptied(), message.groups_emptied()),
          .merged = limit(message.has_merged(), message.merged()),
          .emails_cleared =
              limit(message.has_emails_cleared(), message.emails_cleared())};
}

template <typename Message>
void SetLimit(const GuardLimit& limit, Message& message) {
  message.set_percent(limit.percent);
  message.set_count(limit.count);
}

void SetLimits(const GuardLimits& limits, store::StoredDirectory& stored) {
  stored.clear_guard_limits();
  if (limits == GuardLimits()) return;
  store::StoredGuardLimits& message = *stored.mutable_guard_limits();
  if (limits.removed) SetLimit(*limits.removed, *message.mutable_removed());
  if (limits.disabled) SetLimit(*limits.disabled, *message.mutable_disabled());
  if (limits.groups_emptied) {
    SetLimit(*limits.groups_emptied, *message.mutable_groups_emptied());
  }
  if (limits.merged) SetLimit(*limits.merged, *message.mutable_merged());
  if (limits.emails_cleared) {
    SetLimit(*limits.emails_cleared, *message.mutable_emails_cleared());
  }
}

void ShowLimits(const GuardLimits& limits, v1::GuardLimits& message) {
  const GuardLimit by_default;
  SetLimit(limits.removed.value_or(by_default), *message.mutable_removed());
  SetLimit(limits.disabled.value_or(by_default), *message.mutable_disabled());
  SetLimit(limits.groups_emptied.value_or(by_default),
           *message.mutable_groups_emptied());
  SetLimit(limits.merged.value_or(by_default), *message.mutable_merged());
  SetLimit(limits.emails_cleared.value_or(by_default),
           *message.mutable_emails_cleared());
}

}  // namespace

absl::StatusOr<DirectoryConfig> ConfigOf(const v1::Directory& message) {
  ASSIGN_OR_RETURN(const GuestPolicy guest_policy,
                   GuestPolicyOf(message.guest_policy()));
  ASSIGN_OR_RETURN(const RenamePolicy rename_policy,
                   RenamePolicyOf(message.rename_policy()));
  DirectoryConfig config{
      .display_name = message.display_name(),
      .connection = message.connection(),
      .enrollment_mail_enabled = message.enrollment_mail_enabled(),
      .phone_import_enabled = message.phone_import_enabled(),
      .username_normalization_enabled =
          message.username_normalization_enabled(),
      .guest_policy = guest_policy,
      .rename_policy = rename_policy,
      .default_region_code = message.default_region_code(),
      .guard_limits = LimitsOf(message.guard_limits())};
  if (message.has_polling_interval()) {
    config.polling_interval = FromProtoDuration(message.polling_interval());
  }
  for (const v1::SelectedGroup& group : message.selected_groups()) {
    const absl::optional<SourceId> id = SourceId::Parse(group.source_id());
    if (!id.has_value()) {
      return InvalidArgument(
          "SOURCE_ID_INVALID",
          "A selected group is named by its object id, a GUID.",
          {{"field", "directory.selected_groups.source_id"}});
    }
    config.selected_groups.push_back(*id);
  }
  return config;
}

DirectoryConfig ConfigOf(const store::StoredDirectory& stored) {
  DirectoryConfig config{
      .display_name = stored.display_name(),
      .connection = stored.connection(),
      .enrollment_mail_enabled = stored.enrollment_mail_enabled(),
      .phone_import_enabled = stored.phone_import_enabled(),
      .username_normalization_enabled = stored.username_normalization_enabled(),
      .guest_policy = stored.guests_excluded() ? GuestPolicy::kExclude
                                               : GuestPolicy::kImport,
      .rename_policy = stored.renames_followed() ? RenamePolicy::kFollow
                                                 : RenamePolicy::kHold,
      .default_region_code = stored.default_region_code(),
      .guard_limits = LimitsOf(stored.guard_limits())};
  if (stored.has_polling_interval()) {
    config.polling_interval = FromProtoDuration(stored.polling_interval());
  }
  for (const std::string& bytes : stored.selected_groups()) {
    if (const auto id = SourceId::FromBytes(bytes)) {
      config.selected_groups.push_back(*id);
    }
  }
  return config;
}

void SetConfig(const DirectoryConfig& config, store::StoredDirectory& stored) {
  stored.set_display_name(config.display_name);
  stored.set_connection(config.connection);
  stored.set_enrollment_mail_enabled(config.enrollment_mail_enabled);
  stored.set_phone_import_enabled(config.phone_import_enabled);
  stored.set_username_normalization_enabled(
      config.username_normalization_enabled);
  stored.set_guests_excluded(config.guest_policy == GuestPolicy::kExclude);
  stored.set_renames_followed(config.rename_policy == RenamePolicy::kFollow);
  stored.set_default_region_code(config.default_region_code);
  stored.clear_selected_groups();
  for (const SourceId& id : config.selected_groups) {
    stored.add_selected_groups(id.Bytes());
  }
  stored.clear_polling_interval();
  if (config.polling_interval.has_value()) {
    *stored.mutable_polling_interval() =
        ToProtoDuration(*config.polling_interval);
  }
  SetLimits(config.guard_limits, stored);
}

v1::Directory MessageOf(const AccountName& account,
                        const store::StoredDirectory& stored,
                        const store::StoredFacts& facts) {
  v1::Directory message;
  message.set_name(DirectoryName(account, stored.directory_id()).ToString());
  message.set_display_name(stored.display_name());
  message.set_connection(stored.connection());
  message.set_enrollment_mail_enabled(stored.enrollment_mail_enabled());
  message.set_phone_import_enabled(stored.phone_import_enabled());
  message.set_username_normalization_enabled(
      stored.username_normalization_enabled());
  message.set_guest_policy(stored.guests_excluded() ? v1::Directory::EXCLUDE
                                                    : v1::Directory::IMPORT);
  message.set_rename_policy(stored.renames_followed() ? v1::Directory::FOLLOW
                                                      : v1::Directory::HOLD);
  message.set_default_region_code(stored.default_region_code());
  const DirectoryConfig config = ConfigOf(stored);
  *message.mutable_polling_interval() = ToProtoDuration(
      config.polling_interval.value_or(kDefaultPollingInterval));
  ShowLimits(config.guard_limits, *message.mutable_guard_limits());

  absl::flat_hash_map<std::string, const store::StoredFacts::Group*> known;
  for (const auto& group : facts.groups()) known[group.source_id()] = &group;
  StateFacts state{.deleted = stored.has_delete_time(),
                   .reauthorization_required = facts.reauthorization_required(),
                   .has_selected_group = stored.selected_groups_size() > 0};
  for (const std::string& bytes : stored.selected_groups()) {
    v1::SelectedGroup& group = *message.add_selected_groups();
    group.set_source_id(
        SourceId::FromBytes(bytes).value_or(SourceId()).ToString());
    const auto found = known.find(bytes);
    if (found == known.end()) continue;
    group.set_display_name(found->second->display_name());
    group.set_missing(found->second->missing());
    state.selected_group_missing |= found->second->missing();
  }
  message.set_state(MessageOf(StateOf(state)));
  message.set_directory_key(stored.directory_key());
  message.set_etag(EtagOf(stored));
  *message.mutable_create_time() = stored.create_time();
  *message.mutable_update_time() = stored.update_time();
  if (stored.has_delete_time()) {
    *message.mutable_delete_time() = stored.delete_time();
    message.set_user_disposition(stored.users_trashed() ? v1::TRASH_USERS
                                                        : v1::KEEP_USERS);
  }
  return message;
}

absl::StatusOr<bool> TrashesUsers(v1::UserDisposition disposition) {
  switch (disposition) {
    case v1::USER_DISPOSITION_UNSPECIFIED:
    case v1::KEEP_USERS:
      return false;
    case v1::TRASH_USERS:
      return true;
    default:
      return InvalidArgument("USER_DISPOSITION_INVALID",
                             "Users are kept or trashed: KEEP_USERS or "
                             "TRASH_USERS.",
                             {{"field", "user_disposition"}});
  }
}

std::string EtagOf(const store::StoredDirectory& stored) {
  return absl::StrCat("\"", stored.revision(), "\"");
}

}  // namespace rollcall::directory
