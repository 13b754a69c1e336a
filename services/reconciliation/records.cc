#include "services/reconciliation/records.h"

#include <utility>

#include "common/identity/resource_name.h"

namespace rollcall::reconciliation {
namespace {

v1::User::State StateOf(const User& user) {
  if (user.pending_deletion()) return v1::User::PENDING_DELETION;
  switch (user.status) {
    case UserStatus::kActive:
      return v1::User::ACTIVE;
    case UserStatus::kBypass:
      return v1::User::BYPASS;
    case UserStatus::kDisabled:
      return v1::User::DISABLED;
  }
  return v1::User::STATE_UNSPECIFIED;
}

v1::Group::State StateOf(const Group& group) {
  switch (group.status) {
    case GroupStatus::kActive:
      return v1::Group::ACTIVE;
    case GroupStatus::kBypass:
      return v1::Group::BYPASS;
    case GroupStatus::kDisabled:
      return v1::Group::DISABLED;
  }
  return v1::Group::STATE_UNSPECIFIED;
}

std::string DirectoryText(const AccountName& account, const std::string& id) {
  return id.empty() ? "" : DirectoryName(account, id).ToString();
}

}  // namespace

store::UserRow ToRow(const User& user) {
  store::UserRow row;
  row.set_username(user.username);
  row.set_display_name(user.display_name);
  row.set_email(user.email);
  row.set_status(static_cast<store::UserRow::Status>(user.status));
  row.set_disabled_by(
      static_cast<store::UserRow::DisabledBy>(user.disabled_by));
  for (const Claim& claim : user.claims) {
    store::ClaimRow& added = *row.add_claims();
    added.set_directory(claim.directory);
    added.set_source_id(claim.source_id);
    added.set_user_principal_name(claim.user_principal_name);
    added.set_username_origin(claim.username_origin);
    added.set_read_time_nanos(absl::ToUnixNanos(claim.read_time));
  }
  for (const std::string& group : user.groups) row.add_groups(group);
  for (const Phone& phone : user.phones) {
    store::PhoneRow& added = *row.add_phones();
    added.set_number(phone.number);
    added.set_directory(phone.directory);
  }
  row.set_source_has_phone_data(user.source_has_phone_data);
  for (const Device& device : user.devices) {
    store::DeviceRow& added = *row.add_devices();
    added.set_id(device.id);
    added.set_display_name(device.display_name);
    added.set_create_time_nanos(absl::ToUnixNanos(device.create_time));
  }
  row.set_note(user.note);
  row.set_create_time_nanos(absl::ToUnixNanos(user.create_time));
  row.set_update_time_nanos(absl::ToUnixNanos(user.update_time));
  if (user.delete_time.has_value()) {
    row.set_delete_time_nanos(absl::ToUnixNanos(*user.delete_time));
  }
  row.set_deletion_epoch(user.deletion_epoch);
  row.set_pinned_by(user.pinned_by);
  return row;
}

User FromRow(std::string id, const store::UserRow& row) {
  User user;
  user.id = std::move(id);
  user.username = row.username();
  user.display_name = row.display_name();
  user.email = row.email();
  user.status = static_cast<UserStatus>(row.status());
  user.disabled_by = static_cast<DisabledBy>(row.disabled_by());
  user.claims.reserve(row.claims_size());
  for (const store::ClaimRow& claim : row.claims()) {
    user.claims.push_back({claim.directory(), claim.source_id(),
                           claim.user_principal_name(), claim.username_origin(),
                           absl::FromUnixNanos(claim.read_time_nanos())});
  }
  user.groups.assign(row.groups().begin(), row.groups().end());
  for (const store::PhoneRow& phone : row.phones()) {
    user.phones.push_back({phone.number(), phone.directory()});
  }
  user.source_has_phone_data = row.source_has_phone_data();
  for (const store::DeviceRow& device : row.devices()) {
    user.devices.push_back({device.id(), device.display_name(),
                            absl::FromUnixNanos(device.create_time_nanos())});
  }
  user.note = row.note();
  user.create_time = absl::FromUnixNanos(row.create_time_nanos());
  user.update_time = absl::FromUnixNanos(row.update_time_nanos());
  if (row.delete_time_nanos() != 0) {
    user.delete_time = absl::FromUnixNanos(row.delete_time_nanos());
  }
  user.deletion_epoch = row.deletion_epoch();
  user.pinned_by = row.pinned_by();
  return user;
}

store::GroupRow ToRow(const Group& group) {
  store::GroupRow row;
  row.set_display_name(group.display_name);
  row.set_status(static_cast<store::GroupRow::Status>(group.status));
  row.set_directory(group.directory);
  row.set_source_id(group.source_id);
  row.set_member_count(group.member_count);
  row.set_create_time_nanos(absl::ToUnixNanos(group.create_time));
  row.set_update_time_nanos(absl::ToUnixNanos(group.update_time));
  row.set_has_strangers(group.has_strangers);
  return row;
}

Group FromRow(std::string id, const store::GroupRow& row) {
  Group group;
  group.id = std::move(id);
  group.display_name = row.display_name();
  group.status = static_cast<GroupStatus>(row.status());
  group.directory = row.directory();
  group.source_id = row.source_id();
  group.member_count = row.member_count();
  group.create_time = absl::FromUnixNanos(row.create_time_nanos());
  group.update_time = absl::FromUnixNanos(row.update_time_nanos());
  group.has_strangers = row.has_strangers();
  return group;
}

void SetPlace(const RunPlace& place, store::PlaceRow* row) {
  row->set_phase(static_cast<store::PlaceRow::Phase>(place.phase));
  row->set_attempt(place.attempt);
  row->set_read_id(place.read_id);
  row->set_through(place.through);
  row->set_complete(place.complete);
}

RunPlace PlaceOf(const store::PlaceRow& row) {
  RunPlace place;
  place.phase = static_cast<RunPhase>(row.phase());
  place.attempt = row.attempt();
  place.read_id = row.read_id();
  place.through = row.through();
  place.complete = row.complete();
  return place;
}

v1::User ToMessage(const User& user, absl::string_view account) {
  const AccountName account_name{std::string(account)};
  v1::User message;
  message.set_name(UserName(account_name, user.id).ToString());
  message.set_username(user.username);
  message.set_display_name(user.display_name);
  message.set_email(user.email);
  message.set_state(StateOf(user));
  for (const Claim& claim : user.claims) {
    v1::ManagedBy& managed = *message.add_managed_by();
    managed.set_directory(DirectoryText(account_name, claim.directory));
    managed.set_source_id(claim.source_id);
    managed.set_user_principal_name(claim.user_principal_name);
  }
  for (const std::string& group : user.groups) {
    message.add_groups(GroupName(account_name, group).ToString());
  }
  for (const Phone& phone : user.phones) {
    v1::Phone& added = *message.add_phones();
    added.set_number(phone.number);
    added.set_platform(v1::Phone::GENERIC_SMARTPHONE);  // R39
    added.set_directory(DirectoryText(account_name, phone.directory));
  }
  message.set_source_has_phone_data(user.source_has_phone_data);
  for (const Device& device : user.devices) {
    v1::Device& added = *message.add_devices();
    added.set_device_id(device.id);
    added.set_display_name(device.display_name);
    *added.mutable_create_time() = ToTimestamp(device.create_time);
  }
  message.set_device_count(static_cast<int32_t>(user.devices.size()));
  message.set_note(user.note);
  // Disabled users count, users in the trash don't (R58, A26).
  message.set_billable(!user.pending_deletion());
  *message.mutable_create_time() = ToTimestamp(user.create_time);
  *message.mutable_update_time() = ToTimestamp(user.update_time);
  if (user.delete_time.has_value()) {
    *message.mutable_delete_time() = ToTimestamp(*user.delete_time);
  }
  message.set_deletion_epoch(user.deletion_epoch);
  message.set_pinned_by(DirectoryText(account_name, user.pinned_by));
  return message;
}

v1::Group ToMessage(const Group& group, absl::string_view account) {
  const AccountName account_name{std::string(account)};
  v1::Group message;
  message.set_name(GroupName(account_name, group.id).ToString());
  message.set_display_name(group.display_name);
  message.set_state(StateOf(group));
  message.set_directory(DirectoryText(account_name, group.directory));
  message.set_source_id(group.source_id);
  message.set_member_count(group.member_count);
  *message.mutable_create_time() = ToTimestamp(group.create_time);
  *message.mutable_update_time() = ToTimestamp(group.update_time);
  return message;
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);  // Rounds down.
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

}  // namespace rollcall::reconciliation
