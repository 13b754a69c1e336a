// The half of Life in which people do something.
#include "absl/strings/str_cat.h"
#include "tests/system/model/life.h"

namespace rollcall::model {

// Each call is told to the model and to the service.
void Life::EditUser() {
  Edit edit = NewEdit();
  UserEdit fields;
  if (state_.users.empty() || prng_.Chance(0.25)) {
    fields.username = AnyUsername(prng_);
    fields.email = "hand@m.test";
    fields.phones = {AnyPhone(prng_)};
    Say("  create " + *fields.username);
    const Outcome outcome = edit.CreateUser(fields);
    return Judge(outcome, driver_.CreateUser(fields));
  }
  const int user = Any(state_.users);
  Say(absl::StrCat("  of ", user, " ", state_.users.at(user).username));
  switch (prng_.Below(6)) {
    case 0: {
      const Status status = AnyStatus();
      Say(absl::StrCat("  status ", static_cast<int>(status)));
      const Outcome outcome = edit.SetStatus(user, status);
      return Judge(outcome, driver_.SetStatus(user, status));
    }
    case 1: {
      const std::string device = absl::StrCat("device", prng_.Below(2));
      const bool add = prng_.Chance(0.7);
      Say(absl::StrCat(add ? "  add " : "  remove ", device));
      const Outcome outcome =
          add ? edit.AddDevice(user, device) : edit.RemoveDevice(user, device);
      return Judge(outcome, add ? driver_.AddDevice(user, device)
                                : driver_.RemoveDevice(user, device));
    }
    case 2: {
      Say("  delete");
      const Outcome outcome = edit.DeleteUser(user);
      return Judge(outcome, driver_.DeleteUser(user));
    }
    case 3: {
      const int deletions =
          static_cast<int>(prng_.Below(2)) + state_.users.at(user).deletions;
      Say(absl::StrCat("  purge deletion ", deletions));
      const Outcome outcome = edit.Purge(user, deletions);
      return Judge(outcome, driver_.Purge(user, deletions));
    }
    default:
      break;
  }
  if (prng_.Chance(0.3)) fields.username = AnyUsername(prng_);
  if (prng_.Chance(0.2)) fields.display_name = "By Hand";
  if (prng_.Chance(0.2)) fields.email = prng_.Chance(0.5) ? "" : "h@m.test";
  if (prng_.Chance(0.4)) fields.note = absl::StrCat("note ", prng_.Below(2));
  if (prng_.Chance(0.3)) fields.phones = {AnyPhone(prng_)};
  if (!fields.username && !fields.display_name && !fields.email &&
      !fields.phones) {
    fields.note = "only a note";
  }
  Say("  update");
  const Outcome outcome = edit.UpdateUser(user, fields);
  Judge(outcome, driver_.UpdateUser(user, fields));
}

void Life::EditGroup() {
  Edit edit = NewEdit();
  const std::string name = AnyGroupName(prng_);
  if (state_.groups.empty() || prng_.Chance(0.2)) {
    Say("  create " + name);
    const Outcome outcome = edit.CreateGroup(name);
    return Judge(outcome, driver_.CreateGroup(name));
  }
  const int group = Any(state_.groups);
  Say(absl::StrCat("  of ", group, " ", state_.groups.at(group).display_name));
  switch (prng_.Below(6)) {
    case 0: {
      Say("  name " + name);
      const Outcome outcome = edit.RenameGroup(group, name);
      return Judge(outcome, driver_.RenameGroup(group, name));
    }
    case 1: {
      const Status status = AnyStatus();
      Say(absl::StrCat("  status ", static_cast<int>(status)));
      const Outcome outcome = edit.SetGroupStatus(group, status);
      return Judge(outcome, driver_.SetGroupStatus(group, status));
    }
    case 2: {
      const bool force = prng_.Chance(0.6);
      Say(absl::StrCat("  delete, force ", force));
      const Outcome outcome = edit.DeleteGroup(group, force);
      return Judge(outcome, driver_.DeleteGroup(group, force));
    }
    default: {
      if (state_.users.empty()) return;
      const int user = Any(state_.users);
      const bool member = prng_.Chance(0.7);
      Say(absl::StrCat(member ? "  add " : "  remove ", user));
      const Outcome outcome = edit.SetMember(group, user, member);
      return Judge(outcome, driver_.SetMember(group, user, member));
    }
  }
}

// Of an object that the tenant has or once had (B10).
void Life::Decide() {
  const std::string directory = AnyDirectory();
  const Tenant& tenant = tenants_.at(directory);
  const bool of_group = prng_.Chance(0.3);
  if (!of_group && tenant.users.empty()) return;
  const int object = of_group ? Any(tenant.groups) : Any(tenant.users);
  Decision decision{.choice = static_cast<Choice>(prng_.Below(4))};
  if (decision.choice == Choice::kRename) {
    const bool is_new = prng_.Chance(0.6);
    decision.name = of_group ? AnyGroupName(prng_) : Lower(AnyUsername(prng_));
    if (is_new) decision.name += absl::StrCat("-given", prng_.Below(2));
  }
  Say("  " + LineOf(directory, of_group, object, decision));
  const Outcome outcome =
      NewEdit().Decide(directory, of_group, object, decision);
  Judge(outcome, driver_.Decide(directory, of_group, object, decision));
}

}  // namespace rollcall::model
