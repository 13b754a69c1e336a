#include "tests/system/model/state.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rollcall::model {
namespace {

const char* NameOf(Status status) {
  switch (status) {
    case Status::kActive:
      return "ACTIVE";
    case Status::kBypass:
      return "BYPASS";
    case Status::kDisabled:
      return "DISABLED";
  }
  return "";
}

}  // namespace

std::string Lower(std::string text) {
  absl::AsciiStrToLower(&text);
  return text;
}

std::string NameKey(const std::string& display_name) {
  return Lower(std::string(absl::StripAsciiWhitespace(display_name)));
}

int State::FindUser(const std::string& username) const {
  for (const auto& [number, user] : users) {
    if (user.username == Lower(username)) return number;
  }
  return 0;
}

int State::FindUser(const std::string& directory, int object) const {
  for (const auto& [number, user] : users) {
    auto claim = user.claims.find(directory);
    if (claim != user.claims.end() && claim->second.object == object) {
      return number;
    }
  }
  return 0;
}

int State::FindGroup(const std::string& display_name) const {
  for (const auto& [number, group] : groups) {
    if (NameKey(group.display_name) == NameKey(display_name)) return number;
  }
  return 0;
}

int State::FindGroup(const std::string& directory, int object) const {
  for (const auto& [number, group] : groups) {
    if (group.directory == directory && group.object == object) return number;
  }
  return 0;
}

std::string LineOf(const User& user, const State& state) {
  std::vector<std::string> claims, groups, phones;
  for (const auto& [directory, claim] : user.claims) {
    claims.push_back(
        absl::StrCat(directory, ":", claim.object, ":", claim.upn));
  }
  for (const int group : user.groups) {
    groups.push_back(state.groups.at(group).display_name);
  }
  std::sort(groups.begin(), groups.end());
  for (const Phone& phone : user.phones) {
    phones.push_back(absl::StrCat(phone.number, "/", phone.directory));
  }
  return absl::StrCat(
      "user ", user.username, " name=", user.display_name,
      " email=", user.email, " note=", user.note, " ",
      user.in_trash() ? "PENDING_DELETION" : NameOf(user.status),
      " claims=", absl::StrJoin(claims, ","),
      " groups=", absl::StrJoin(groups, ","),
      " phones=", absl::StrJoin(phones, ","),
      " data=", user.source_has_phone_data,
      " devices=", absl::StrJoin(user.devices, ","), " created=", user.created,
      " updated=", user.updated, " deleted=", user.deleted, "#", user.deletions,
      " pinned=", user.pinned_by);
}

std::string FieldsOf(const Group& group) {
  return absl::StrCat("group ", group.display_name, " ", NameOf(group.status),
                      " of=", group.directory, ":", group.object,
                      " created=", group.created, " updated=", group.updated);
}

std::string LineOf(int number, const State& state) {
  const auto members = std::count_if(
      state.users.begin(), state.users.end(),
      [&](const auto& entry) { return entry.second.groups.count(number) > 0; });
  return absl::StrCat(FieldsOf(state.groups.at(number)), " members=", members);
}

std::string LineOf(const std::string& directory, const std::string& danger,
                   const std::string& state, const Batch& batch) {
  return absl::StrCat("batch ", directory, " ", danger, " ", state, " ",
                      batch.count, " of ", batch.live, " over ", batch.percent,
                      "% and ", batch.limit, " changes=", batch.changes);
}

const char* NameOf(Choice choice) {
  constexpr const char* kNames[] = {"PRESET", "ADOPT", "SKIP", "RENAME"};
  return kNames[static_cast<int>(choice)];
}

std::string LineOf(const std::string& directory, bool of_group, int object,
                   const Decision& decision) {
  return absl::StrCat("decision ", directory, of_group ? " group " : " user ",
                      object, " ", NameOf(decision.choice), " ", decision.name);
}

std::string LeftLine(const User& before, const User& after,
                     const State& state) {
  std::vector<std::string> left;
  for (const int group : before.groups) {
    if (after.groups.count(group) > 0) continue;
    left.push_back(state.groups.at(group).display_name);
  }
  std::sort(left.begin(), left.end());
  return absl::StrCat(" left=", absl::StrJoin(left, ","));
}

std::string AccessOf(const User& user, const State& state) {
  if (user.in_trash()) return "REFUSE USER_PENDING_DELETION";
  if (user.status == Status::kDisabled) return "REFUSE USER_DISABLED";
  bool bypass = false;
  for (const int group : user.groups) {
    const Status status = state.groups.at(group).status;
    if (status == Status::kDisabled) return "REFUSE GROUP_DISABLED";
    if (status == Status::kBypass) bypass = true;
  }
  if (user.status == Status::kBypass) return "ALLOW_BYPASS USER_BYPASS";
  if (bypass) return "ALLOW_BYPASS GROUP_BYPASS";
  return user.devices.empty() ? "ENROLL_FIRST NO_DEVICE" : "ALLOW USER_ACTIVE";
}

std::vector<std::string> LinesOf(const State& state) {
  std::vector<std::string> lines;
  int active = 0, bypass = 0, disabled = 0, trashed = 0;
  for (const auto& [number, user] : state.users) {
    lines.push_back(LineOf(user, state));
    lines.push_back(
        absl::StrCat("access ", user.username, " ", AccessOf(user, state)));
    if (user.in_trash()) {
      ++trashed;
    } else if (user.status == Status::kActive) {
      ++active;
    } else if (user.status == Status::kBypass) {
      ++bypass;
    } else {
      ++disabled;
    }
  }
  for (const auto& [number, group] : state.groups) {
    lines.push_back(LineOf(number, state));
  }
  for (const auto& [directory, batches] : state.held) {
    for (const auto& [danger, batch] : batches) {
      lines.push_back(LineOf(directory, danger, "HELD", batch));
      for (const auto& [object, taking] : batch.rows) {
        auto user = state.users.find(taking.user);
        std::vector<std::string> leave;
        for (const int group : taking.leave) {
          auto left = state.groups.find(group);
          leave.push_back(
              left == state.groups.end() ? "gone" : left->second.display_name);
        }
        std::sort(leave.begin(), leave.end());
        lines.push_back(absl::StrCat(
            "held ", directory, " ", danger, " ", object, " ",
            user == state.users.end() ? "gone" : user->second.username,
            " leaves=", absl::StrJoin(leave, ",")));
      }
    }
  }
  for (const auto& [directory, desk] : state.desks) {
    for (const auto& [object, decision] : desk.users) {
      lines.push_back(LineOf(directory, false, object, decision));
    }
    for (const auto& [object, decision] : desk.groups) {
      lines.push_back(LineOf(directory, true, object, decision));
    }
  }
  lines.insert(lines.end(), state.closed.begin(), state.closed.end());
  lines.push_back(
      absl::StrCat("usage ", active, " ", bypass, " ", disabled, " ", trashed));
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace rollcall::model
