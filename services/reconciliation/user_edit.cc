#include "services/reconciliation/user_edit.h"

#include <algorithm>
#include <utility>

namespace rollcall::reconciliation {
namespace {

std::vector<std::string> OwnersOf(const User& user) {
  std::vector<std::string> directories;
  for (const Claim& claim : user.claims) directories.push_back(claim.directory);
  return directories;
}

bool IsDisabledBySource(const User& user) {
  return !user.claims.empty() && user.status == UserStatus::kDisabled &&
         user.disabled_by == DisabledBy::kSource;
}

EditVerdict Refuse(Refusal refusal, const char* rule, const User& user,
                   std::vector<std::string> fields) {
  return {.refusal = refusal,
          .fields = std::move(fields),
          .directories = OwnersOf(user),
          .after = user,
          .rule = rule};
}

// Users whom nobody may edit at all, whatever the field.
absl::optional<EditVerdict> RefuseReadOnly(
    const User& user, const std::vector<std::string>& fields) {
  if (user.pending_deletion()) {
    return Refuse(Refusal::kPendingDeletion, "R58", user, fields);
  }
  if (IsDisabledBySource(user)) {
    return Refuse(Refusal::kDisabledBySource, "R51", user, fields);
  }
  return absl::nullopt;
}

EditVerdict Allow(User after, const char* rule, absl::Time now) {
  after.update_time = now;
  return {.after = std::move(after), .rule = rule};
}

// The fields of `after` that differ, by their names in the contract.
std::vector<std::string> ChangedFields(const User& before, const User& after) {
  std::vector<std::string> fields;
  if (after.username != before.username) fields.push_back("username");
  if (after.display_name != before.display_name) {
    fields.push_back("display_name");
  }
  if (after.email != before.email) fields.push_back("email");
  if (after.groups != before.groups) fields.push_back("groups");
  if (after.phones != before.phones) fields.push_back("phones");
  if (after.note != before.note) fields.push_back("note");
  return fields;
}

// Numbers that stay keep who added them (R47).
std::vector<Phone> PhonesOf(const std::vector<std::string>& numbers,
                            const std::vector<Phone>& before) {
  std::vector<Phone> phones;
  for (const std::string& number : numbers) {
    auto known = std::find_if(
        before.begin(), before.end(),
        [&](const Phone& phone) { return phone.number == number; });
    phones.push_back(known != before.end() ? *known : Phone{number, ""});
  }
  return phones;
}

User Applied(const User& user, const UserEdit& edit) {
  User after = user;
  if (edit.username.has_value()) after.username = *edit.username;
  if (edit.display_name.has_value()) after.display_name = *edit.display_name;
  if (edit.email.has_value()) after.email = *edit.email;
  if (edit.note.has_value()) after.note = *edit.note;
  if (edit.groups.has_value()) after.groups = *edit.groups;
  if (edit.phones.has_value()) {
    after.phones = PhonesOf(*edit.phones, user.phones);
  }
  return after;
}

// Which of the fields a directory owns, and which directories do (R95, R96).
void CheckOwners(const User& user, const EditFacts& facts,
                 const std::vector<std::string>& fields, EditVerdict* verdict) {
  absl::btree_set<std::string> owners;
  for (const std::string& field : fields) {
    absl::btree_set<std::string> of_field;
    for (const std::string& directory : OwnersOf(user)) {
      const bool owned = field == "phones"
                             ? facts.phone_importers.contains(directory)
                             : field != "note";
      if (owned) of_field.insert(directory);
    }
    if (field == "groups") {
      for (const Group& group : facts.managed_groups) {
        of_field.insert(group.directory);
      }
    }
    if (of_field.empty()) continue;
    verdict->fields.push_back(field);
    owners.insert(of_field.begin(), of_field.end());
  }
  verdict->directories.assign(owners.begin(), owners.end());
}

}  // namespace

EditVerdict DecideEdit(const User& user, const UserEdit& edit,
                       const EditFacts& facts, absl::Time now) {
  User after = Applied(user, edit);
  const std::vector<std::string> fields = ChangedFields(user, after);
  if (fields.empty()) return {.after = user};
  if (auto read_only = RefuseReadOnly(user, fields)) {
    return *std::move(read_only);
  }
  EditVerdict refused{
      .refusal = Refusal::kFieldManaged, .after = user, .rule = "R95"};
  CheckOwners(user, facts, fields, &refused);
  if (!refused.fields.empty()) return refused;
  return Allow(std::move(after), user.claims.empty() ? "R95" : "R97", now);
}

EditVerdict DecideStatus(const User& user, UserStatus status, absl::Time now) {
  if (user.pending_deletion()) {
    return Refuse(Refusal::kPendingDeletion, "R65", user, {"state"});
  }
  if (IsDisabledBySource(user)) {
    return Refuse(Refusal::kDisabledBySource, "R51", user, {"state"});
  }
  if (!user.claims.empty() && status == UserStatus::kDisabled) {
    return Refuse(Refusal::kUserManaged, "R49", user, {"state"});
  }
  if (status == user.status) return {.after = user};
  const bool concerns_bypass =
      status == UserStatus::kBypass || user.status == UserStatus::kBypass;
  User after = user;
  after.status = status;
  after.disabled_by = status == UserStatus::kDisabled
                          ? DisabledBy::kAdministrator
                          : DisabledBy::kNobody;
  return Allow(std::move(after), concerns_bypass ? "R48" : "R49", now);
}

EditVerdict DecideAddDevice(const User& user, const Device& device,
                            absl::Time now) {
  const bool known =
      std::any_of(user.devices.begin(), user.devices.end(),
                  [&](const Device& other) { return other.id == device.id; });
  if (known) return {.after = user};
  if (auto read_only = RefuseReadOnly(user, {"devices"})) {
    return *std::move(read_only);
  }
  User after = user;
  after.devices.push_back(device);
  after.devices.back().create_time = now;
  return Allow(std::move(after), "R88", now);
}

EditVerdict DecideRemoveDevice(const User& user, const std::string& device_id,
                               absl::Time now) {
  User after = user;
  std::erase_if(after.devices,
                [&](const Device& device) { return device.id == device_id; });
  if (after.devices == user.devices) return {.after = user};
  if (auto read_only = RefuseReadOnly(user, {"devices"})) {
    return *std::move(read_only);
  }
  return Allow(std::move(after), "R97", now);
}

EditVerdict DecideDelete(const User& user) {
  if (user.pending_deletion()) {
    return Refuse(Refusal::kPendingDeletion, "R62", user, {});
  }
  if (!user.claims.empty()) {
    return Refuse(Refusal::kUserManaged, "R55", user, {});
  }
  return {.after = user, .rule = "R55"};
}

}  // namespace rollcall::reconciliation
