// The collision desk (B10): what people may decide, and what a sync tells them
// of. What comes of a decision is among the rules of users and groups.
#include "absl/strings/str_cat.h"
#include "tests/system/model/edit_rules.h"
#include "tests/system/model/sync_rules.h"

namespace rollcall::model {

// A name may be given once, and only if nobody else has it.
Outcome Edit::Decide(const std::string& directory, bool of_group, int object,
                     const Decision& decision) {
  Desk& desk = state_.desks[directory];
  std::map<int, Decision>& decisions = of_group ? desk.groups : desk.users;
  const std::string taken = of_group ? "GROUP_NAME_TAKEN" : "USERNAME_TAKEN";
  if (decision.choice == Choice::kPreset) {
    decisions.erase(object);
    return {.answer = "OK"};
  }
  if (decision.choice == Choice::kRename) {
    for (const auto& [other, earlier] : decisions) {
      const bool same = earlier.choice == Choice::kRename &&
                        NameKey(earlier.name) == NameKey(decision.name);
      if (other != object && same) return {.answer = taken};
    }
    const int holder = of_group ? state_.FindGroup(decision.name)
                                : state_.FindUser(decision.name);
    const int own = of_group ? state_.FindGroup(directory, object)
                             : state_.FindUser(directory, object);
    if (holder != 0 && holder != own) return {.answer = taken};
  }
  decisions[object] = decision;
  return {.answer = "OK"};
}

void Sync::Note(const std::string& kind, int object, const std::string& name,
                const Decision& decision, const std::string& rule,
                int in_the_way) {
  run_.met[absl::StrCat(kind, " ", object, " ", name, " ",
                        NameOf(decision.choice), " ", rule)] = in_the_way;
}

void Sync::NoteUser(const Wanted& wanted) {
  const Decision decision = desk_.OfUser(wanted.object);
  const auto note = [&](const std::string& kind, const std::string& name,
                        const std::string& rule, int in_the_way) {
    Note(kind, wanted.object, name, decision, rule, in_the_way);
  };
  const bool follows_preset =
      decision.choice == Choice::kPreset || decision.choice == Choice::kAdopt;
  const int number = state_.FindUser(directory_, wanted.object);
  if (wanted.username.empty()) {
    if (number == 0) note("NOT_IMPORTABLE", "", "R37 USERNAME_EMPTY", 0);
    return;
  }
  if (number != 0) {
    const User& user = state_.users.at(number);
    const auto [due, why] = NameDue(wanted, user);
    const std::string named =
        UsernameFrom(wanted.user.upn, tenant_.normalization);
    const std::string& origin = user.claims.at(directory_).origin;
    if (why != "A3" && named != UsernameFrom(origin, tenant_.normalization)) {
      note("RENAME_PENDING", named, "A3", 0);
    }
    const int holder = due.empty() ? 0 : state_.FindUser(due);
    const bool is_awaited =
        decision.choice != Choice::kRename && IsAwaited(due);
    const bool may_come_free =
        follows_preset && holder != 0 && IsOurs(holder) && !is_awaited;
    const bool collides =
        wanted.collides || is_awaited || (holder != 0 && !may_come_free);
    if (!due.empty() && collides) note("USERNAME", due, "A4", holder);
    // A plan tells of everybody, a run of those who are new.
    if (is_plan_ && wanted.user.email.empty()) {
      note("MISSING_EMAIL", wanted.username, "R29", 0);
    }
    return;
  }
  const int namesake = state_.FindUser(wanted.username);
  const bool is_ours =
      namesake != 0 && state_.users.at(namesake).claims.count(directory_) > 0;
  const bool is_awaited =
      decision.choice != Choice::kRename && IsAwaited(wanted.username);
  const bool waits = follows_preset && is_ours && !is_awaited;
  if (wanted.collides || is_awaited || (is_ours && !waits)) {
    note("USERNAME", wanted.username, "A4", namesake);
  } else if (namesake != 0 && !is_ours) {
    const bool is_manual = !state_.users.at(namesake).managed();
    note(is_manual ? "MANUAL_USER" : "SHARED_USER", wanted.username,
         is_manual ? "R43" : "R44", namesake);
    // The status of a managed user is the source's (R49).
    if (is_manual && state_.users.at(namesake).status == Status::kDisabled) {
      note("MANUALLY_DISABLED", wanted.username, "A13", namesake);
    }
  }
  if (wanted.user.email.empty())
    note("MISSING_EMAIL", wanted.username, "R29", 0);
}

// Whoever has waited for a name in vain.
void Sync::NoteKept(int object) {
  const Decision decision = desk_.OfUser(object);
  if (decision.choice == Choice::kRename) return;  // Told already.
  const std::string& name = waiting_.at(object).name;
  Note("USERNAME", object, name, decision, "A4", state_.FindUser(name));
}

void Sync::NoteGroups() {
  using Kind = GroupFate::Kind;
  for (const auto& [object, fate] : PlanGroups({})) {
    const Decision decision = desk_.OfGroup(object);
    if (fate.kind == Kind::kConflict) {
      Note("GROUP_NAME", object, fate.name, decision, "A24",
           state_.FindGroup(fate.name));
    } else if (fate.kind == Kind::kTakesOver) {
      const bool is_manual =
          state_.groups.at(fate.taken_over).directory.empty();
      Note(is_manual ? "MANUAL_GROUP" : "SHARED_GROUP", object, fate.name,
           decision, is_manual ? "R45" : "R46", fate.taken_over);
    }
  }
}

}  // namespace rollcall::model
