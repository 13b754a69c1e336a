#include "tests/system/model/edit_rules.h"

#include <algorithm>

namespace rollcall::model {
namespace {

// A number that stays keeps who has added it (R47).
std::vector<Phone> PhonesOf(const User& user,
                            const std::vector<std::string>& numbers) {
  std::vector<Phone> phones;
  for (const std::string& number : numbers) {
    auto known = std::find_if(
        user.phones.begin(), user.phones.end(),
        [&](const Phone& phone) { return phone.number == number; });
    phones.push_back(known == user.phones.end() ? Phone{number, ""} : *known);
  }
  return phones;
}

}  // namespace

std::string Edit::ReadOnly(const User& user) const {
  if (user.in_trash()) return "USER_PENDING_DELETION";  // R58, R65
  if (user.managed() && user.status == Status::kDisabled) {
    return "USER_DISABLED_BY_SOURCE";  // R51
  }
  return "";
}

// What does not change is no write, whoever owns it.
Outcome Edit::Change(int number, const User& after,
                     const std::string& refusal) {
  User& user = state_.users.at(number);
  if (after == user) return {.answer = "OK"};
  const std::string read_only = ReadOnly(user);
  if (!read_only.empty()) return {.answer = read_only};
  if (!refusal.empty()) return {.answer = refusal};
  const User before = user;
  user = after;
  user.updated = now_;
  return {.answer = "OK",
          .events = {
              {.number = number,
               .kind = "UPDATED",
               .line = LineOf(user, state_) + LeftLine(before, user, state_)}}};
}

Outcome Edit::CreateUser(const UserEdit& edit) {
  const std::string username = Lower(*edit.username);
  if (state_.FindUser(username) != 0) return {.answer = "USERNAME_TAKEN"};
  const int number = state_.next++;
  User& user = state_.users[number];
  user.username = username;
  user.display_name = edit.display_name.value_or("");
  user.email = edit.email.value_or("");
  user.note = edit.note.value_or("");
  user.phones =
      PhonesOf(User(), edit.phones.value_or(std::vector<std::string>()));
  user.created = user.updated = now_;
  return {.answer = "OK",
          .events = {
              {.number = number,
               .kind = "CREATED",
               .line = LineOf(user, state_) + LeftLine(User(), user, state_)}}};
}

Outcome Edit::UpdateUser(int number, const UserEdit& edit) {
  const User& user = state_.users.at(number);
  User after = user;
  if (edit.username.has_value()) after.username = Lower(*edit.username);
  if (edit.display_name.has_value()) after.display_name = *edit.display_name;
  if (edit.email.has_value()) after.email = *edit.email;
  if (edit.note.has_value()) after.note = *edit.note;
  if (edit.phones.has_value()) after.phones = PhonesOf(user, *edit.phones);
  bool owned = user.managed() && (after.username != user.username ||
                                  after.display_name != user.display_name ||
                                  after.email != user.email);  // R95
  for (const auto& [directory, claim] : user.claims) {
    auto tenant = tenants_.find(directory);
    if (tenant == tenants_.end() || !tenant->second.phone_import) continue;
    owned = owned || after.phones != user.phones;  // R96
  }
  std::string refusal;
  if (owned) {
    refusal = "FIELD_MANAGED";  // R98
  } else if (after.username != user.username &&
             state_.FindUser(after.username) != 0) {
    refusal = "USERNAME_TAKEN";
  }
  return Change(number, after, refusal);
}

Outcome Edit::SetStatus(int number, Status status) {
  const User& user = state_.users.at(number);
  // A state is asked for, and who is read-only does not get it, not even the
  // one that he has (R51, R65).
  if (!ReadOnly(user).empty()) return {.answer = ReadOnly(user)};
  User after = user;
  after.status = status;
  const bool refused = user.managed() && status == Status::kDisabled;  // R49
  return Change(number, after, refused ? "USER_MANAGED" : "");
}

Outcome Edit::AddDevice(int number, const std::string& device) {
  User after = state_.users.at(number);
  after.devices.insert(device);
  return Change(number, after, "");
}

Outcome Edit::RemoveDevice(int number, const std::string& device) {
  User after = state_.users.at(number);
  if (after.devices.erase(device) == 0) return {.answer = "DEVICE_NOT_FOUND"};
  return Change(number, after, "");
}

Outcome Edit::Erase(int number) {
  const std::string left = LeftLine(state_.users.at(number), User(), state_);
  state_.users.erase(number);
  return {.answer = "OK",
          .events = {{.number = number, .kind = "PURGED", .line = left}}};
}

Outcome Edit::DeleteUser(int number) {
  const User& user = state_.users.at(number);
  if (user.in_trash()) return {.answer = "USER_PENDING_DELETION"};
  if (user.managed() && planted_ != Planted::kManagedIsDeletable) {
    return {.answer = "USER_MANAGED"};  // R55
  }
  return Erase(number);
}

Outcome Edit::Purge(int number, int deletions) {
  const User& user = state_.users.at(number);
  if (!user.in_trash() || user.deletions != deletions) {
    return {.answer = "DELETION_SUPERSEDED"};
  }
  // The source is asked once more.
  for (const auto& [directory, claim] : user.claims) {
    if (ScopeOf(tenants_.at(directory)).count(claim.object) > 0) {
      return {.answer = user.pinned() ? "PURGE_PINNED" : "PURGE_UNPROVEN"};
    }
  }
  return Erase(number);
}

Outcome Edit::ChangeGroup(int number, const Group& after) {
  Group& group = state_.groups.at(number);
  if (after == group) return {.answer = "OK"};
  group = after;
  group.updated = now_;
  return {.answer = "OK",
          .events = {{.of_group = true,
                      .number = number,
                      .kind = "CHANGED",
                      .line = FieldsOf(group)}}};
}

Outcome Edit::CreateGroup(const std::string& display_name) {
  if (state_.FindGroup(display_name) != 0) {
    return {.answer = "GROUP_NAME_TAKEN"};
  }
  const int number = state_.next++;
  state_.groups[number].created = now_;
  Group after = state_.groups[number];
  after.display_name = display_name;
  return ChangeGroup(number, after);
}

Outcome Edit::RenameGroup(int number, const std::string& display_name) {
  Group after = state_.groups.at(number);
  if (after.display_name == display_name) return {.answer = "OK"};
  if (!after.directory.empty()) return {.answer = "FIELD_MANAGED"};  // R95
  const int namesake = state_.FindGroup(display_name);
  if (namesake != 0 && namesake != number) {
    return {.answer = "GROUP_NAME_TAKEN"};
  }
  after.display_name = display_name;
  return ChangeGroup(number, after);
}

Outcome Edit::SetGroupStatus(int number, Status status) {
  Group after = state_.groups.at(number);
  after.status = status;
  return ChangeGroup(number, after);
}

Outcome Edit::DeleteGroup(int number, bool force) {
  if (!state_.groups.at(number).directory.empty()) {
    return {.answer = "GROUP_MANAGED"};
  }
  Outcome outcome = {.answer = "OK"};
  for (auto& [member, user] : state_.users) {
    if (user.groups.count(number) == 0) continue;
    if (!force) return {.answer = "GROUP_NOT_EMPTY"};
    const User before = user;
    user.groups.erase(number);
    user.updated = now_;
    outcome.events.push_back(
        {.number = member,
         .kind = "UPDATED",
         .line = LineOf(user, state_) + LeftLine(before, user, state_)});
  }
  outcome.events.push_back(
      {.of_group = true, .number = number, .kind = "DELETED"});
  state_.groups.erase(number);
  return outcome;
}

// A directory owns its groups' members, and the memberships of its users.
Outcome Edit::SetMember(int group, int number, bool member) {
  User after = state_.users.at(number);
  if (member) {
    after.groups.insert(group);
  } else {
    after.groups.erase(group);
  }
  const bool refused =
      after.managed() || !state_.groups.at(group).directory.empty();
  return Change(number, after, refused ? "FIELD_MANAGED" : "");
}

}  // namespace rollcall::model
