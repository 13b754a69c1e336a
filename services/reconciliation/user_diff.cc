#include "services/reconciliation/user_diff.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/types/optional.h"
#include "services/reconciliation/username_form.h"

namespace rollcall::reconciliation {
namespace {

UserDecision Skip(std::string reason, const char* rule) {
  UserDecision decision;
  decision.fate = Fate::kSkip;
  decision.reason = std::move(reason);
  decision.rules = {rule};
  return decision;
}

// Only phones that this directory added are added or removed (R47), and none
// while phone import is off (R38). A number that a person has added already is
// not added again (R42).
std::vector<Phone> PhonesAfter(const std::vector<Phone>& before,
                               const DesiredUser& desired,
                               const SyncRules& rules) {
  if (!rules.phone_import) return before;
  std::vector<Phone> after;
  for (const Phone& phone : before) {
    if (phone.directory != rules.directory) after.push_back(phone);
  }
  for (const std::string& number : desired.phones) {
    const bool known =
        std::any_of(after.begin(), after.end(),
                    [&](const Phone& phone) { return phone.number == number; });
    if (!known) after.push_back({number, rules.directory});
  }
  return after;
}

std::vector<std::string> Union(const std::vector<std::string>& a,
                               const std::vector<std::string>& b) {
  std::vector<std::string> all;
  all.reserve(a.size() + b.size());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(),
                 std::back_inserter(all));
  return all;
}

std::vector<std::string> Without(const std::vector<std::string>& groups,
                                 const std::vector<std::string>& left) {
  std::vector<std::string> rest;
  std::set_difference(groups.begin(), groups.end(), left.begin(), left.end(),
                      std::back_inserter(rest));
  return rest;
}

// The directory's groups that the user is in and should not be: manual groups
// and other directories' stay, and so do missing ones (A7).
std::vector<std::string> GroupsToLeave(const std::vector<std::string>& before,
                                       const std::vector<std::string>& desired,
                                       const SyncRules& rules) {
  std::vector<std::string> left;
  for (const std::string& group : before) {
    if (!rules.own_groups.contains(group)) continue;
    if (rules.missing_groups.contains(group)) continue;
    if (std::binary_search(desired.begin(), desired.end(), group)) continue;
    left.push_back(group);
  }
  return left;
}

Claim* MutableClaim(User* user, const std::string& directory) {
  for (Claim& claim : user->claims) {
    if (claim.directory == directory) return &claim;
  }
  return nullptr;
}

void Disable(UserDecision* decision) {
  decision->after.status = UserStatus::kDisabled;
  decision->after.disabled_by = DisabledBy::kSource;
  decision->disabled = true;
  decision->rules.push_back("R50");
}

// The source decides between disabled and active; bypass is the target's own
// and survives unless the source disables the user (R48, A12, A13). Taking the
// status of somebody who may authenticate now is withheld; taking it with the
// way back from the trash is not, because he could not authenticate before.
void FollowEnabled(const DesiredUser& desired, bool was_pending,
                   UserDecision* decision) {
  User& after = decision->after;
  const bool by_administrator = after.disabled_by == DisabledBy::kAdministrator;
  if (desired.enabled && after.status == UserStatus::kDisabled) {
    after.status = UserStatus::kActive;
    after.disabled_by = DisabledBy::kNobody;
    decision->enabled = true;
    decision->rules.insert(
        by_administrator ? decision->rules.begin() : decision->rules.end(),
        by_administrator ? "A13" : "R52");
  } else if (!desired.enabled && after.status == UserStatus::kDisabled) {
    after.disabled_by = DisabledBy::kSource;
    if (by_administrator) {
      decision->rules.insert(decision->rules.begin(), "A13");
    }
  } else if (!desired.enabled && was_pending) {
    Disable(decision);
  } else if (!desired.enabled) {
    decision->withheld.disable = true;
  }
}

// A name that is not free stays as it is, and is reported (A4); so does one
// that the source has changed where renames are held (A3).
void FollowRename(const DesiredUser& desired, const SeenFacts& facts,
                  const SyncRules& rules, UserDecision* decision) {
  if (!rules.may_rename) return;
  User& after = decision->after;
  Claim& claim = *MutableClaim(&after, rules.directory);
  const absl::optional<Rename> wanted =
      WantedRename(desired, after, rules, facts.desk);
  const std::string source_wants =
      UsernameOf(desired.user_principal_name, rules.normalization);
  const bool follows = wanted.has_value() && wanted->rule == "A3" &&
                       facts.desk.choice != DeskChoice::kSkip;
  if (!follows &&
      source_wants != UsernameOf(claim.username_origin, rules.normalization)) {
    decision->warnings.push_back("RENAME_PENDING");  // A3
  }
  if (!wanted.has_value()) return;
  if (facts.desk.choice == DeskChoice::kSkip) return;  // Keeps its name (B10).
  const bool collides =
      desired.username_collides && facts.desk.choice == DeskChoice::kPreset;
  if (facts.rename_may_come_free && !collides) {
    decision->waiting = wanted;
    return;
  }
  if (facts.rename_is_taken || collides) {
    decision->warnings.push_back("USERNAME_COLLISION");  // A4
    return;
  }
  after.username = std::move(wanted->username);
  if (wanted->rule == "A3") claim.username_origin = desired.user_principal_name;
  decision->renamed = true;
  decision->rules.push_back(std::move(wanted->rule));
}

// Brings `decision->after`, which this directory claims, in step with the
// source; names and emails are cleared where the source has none (A5).
void Follow(const DesiredUser& desired, const SeenFacts& facts,
            const SyncRules& rules, UserDecision* decision) {
  User& after = decision->after;
  const User before = after;
  if (after.pending_deletion()) {
    decision->fate = Fate::kRestore;
    decision->rules.insert(decision->rules.begin(), "R61");
    after.delete_time = absl::nullopt;
    // Nobody claims a user in the trash; what is left of claims is only the way
    // back, and it has just been taken. Other directories' phones go with them.
    std::erase_if(after.claims, [&](const Claim& claim) {
      return claim.directory != rules.directory;
    });
    std::erase_if(after.phones, [&](const Phone& phone) {
      return !phone.directory.empty() && phone.directory != rules.directory;
    });
  }
  FollowEnabled(desired, before.pending_deletion(), decision);
  FollowRename(desired, facts, rules, decision);

  after.display_name = desired.display_name;
  // Clearing is counted by the guard before it happens (A5, B2), unless the
  // whole user is: a manual one who is merged into, which this directory alone
  // claims now. Nobody counts who comes back from the trash.
  const bool counted_whole =
      decision->fate == Fate::kMerge && after.claims.size() == 1;
  const bool clears = desired.email.empty() && !before.email.empty() &&
                      decision->fate != Fate::kRestore && !counted_whole;
  if (clears) {
    decision->withheld.clear_email = true;
  } else {
    after.email = desired.email;
  }
  after.source_has_phone_data = desired.has_phone_data;
  if (after.display_name != before.display_name ||
      after.email != before.email ||
      after.source_has_phone_data != before.source_has_phone_data) {
    decision->rules.push_back("R28");
  }
  after.phones = PhonesAfter(after.phones, desired, rules);
  if (after.phones != before.phones) decision->rules.push_back("R38");

  after.groups = Union(before.groups, desired.groups);
  if (after.groups != before.groups) decision->rules.push_back("R25");
  decision->withheld.leave_groups =
      GroupsToLeave(before.groups, desired.groups, rules);

  Claim& claim = *MutableClaim(&after, rules.directory);
  if (claim.user_principal_name != desired.user_principal_name) {
    claim.user_principal_name = desired.user_principal_name;
    decision->rules.push_back("A3");
  }
}

UserDecision Create(const DesiredUser& desired, const DeskDecision& desk,
                    const SyncRules& rules, absl::Time now) {
  UserDecision decision;
  decision.fate = Fate::kCreate;
  decision.rules = {"R18"};
  User& after = decision.after;
  after.username = WantedUsername(desired, desk);
  after.display_name = desired.display_name;
  after.email = desired.email;
  after.claims = {{rules.directory, desired.source_id,
                   desired.user_principal_name, desired.user_principal_name}};
  after.groups = desired.groups;
  after.phones = PhonesAfter({}, desired, rules);
  after.source_has_phone_data = desired.has_phone_data;
  after.create_time = now;
  after.update_time = now;
  if (!desired.enabled) {
    after.status = UserStatus::kDisabled;
    after.disabled_by = DisabledBy::kSource;
    decision.disabled = true;
    decision.rules = {"A11"};
  }
  return decision;
}

UserDecision Merge(const DesiredUser& desired, const User& namesake,
                   const SyncRules& rules, absl::Time now) {
  UserDecision decision;
  decision.fate = Fate::kMerge;
  decision.rules = {namesake.claims.empty() ? "R43" : "R44"};
  decision.after = namesake;
  decision.after.claims.push_back({rules.directory, desired.source_id,
                                   desired.user_principal_name,
                                   desired.user_principal_name});
  Follow(desired, SeenFacts{}, rules, &decision);
  decision.after.update_time = now;
  return decision;
}

UserDecision Update(const DesiredUser& desired, const SeenFacts& facts,
                    const SyncRules& rules, absl::Time now) {
  UserDecision decision;
  decision.fate = Fate::kUpdate;
  decision.after = *facts.linked;
  Follow(desired, facts, rules, &decision);
  if (decision.after == *facts.linked) {
    decision.fate = Fate::kUnchanged;
    decision.rules.clear();
    return decision;
  }
  decision.after.update_time = now;
  return decision;
}

// Whether the source has shown the object itself. It is there, but what it is
// like is unknown if we may not see it or cannot read it: `SOURCE_HIDDEN`,
// `OBJECT_WRONG_TYPE`. A username that is missing is known to be missing.
bool IsReadable(const DesiredUser& desired) {
  return desired.skip_reason.empty() ||
         absl::StartsWith(desired.skip_reason, "USERNAME_");
}

// Unknown values change nothing; being there is enough to stay, or to come back
// from the trash.
UserDecision KeepUnread(const DesiredUser& desired, const User& linked,
                        const SyncRules& rules, absl::Time now) {
  UserDecision decision;
  decision.after = linked;
  decision.warnings = {desired.skip_reason};
  if (!linked.pending_deletion()) return decision;
  decision.fate = Fate::kRestore;
  decision.rules = {"R61"};
  decision.after.delete_time = absl::nullopt;
  decision.after.update_time = now;
  std::erase_if(decision.after.claims, [&](const Claim& claim) {
    return claim.directory != rules.directory;
  });
  return decision;
}

}  // namespace

const std::string& WantedUsername(const DesiredUser& desired,
                                  const DeskDecision& desk) {
  return desk.choice == DeskChoice::kRename ? desk.name : desired.username;
}

absl::optional<Rename> WantedRename(const DesiredUser& desired,
                                    const User& linked, const SyncRules& rules,
                                    const DeskDecision& desk) {
  const Claim* claim = linked.ClaimOf(rules.directory);
  if (claim == nullptr) return absl::nullopt;
  return RenameOf({.username = linked.username,
                   .origin = claim->username_origin,
                   .source_username = desired.username,
                   .normalization = rules.normalization,
                   .follow_renames = rules.follow_renames,
                   .desk = desk});
}

UserDecision DecideSeen(const DesiredUser& desired, const SeenFacts& facts,
                        const SyncRules& rules, absl::Time now) {
  if (facts.linked != nullptr && !IsReadable(desired)) {
    return KeepUnread(desired, *facts.linked, rules, now);
  }
  if (facts.linked != nullptr) return Update(desired, facts, rules, now);
  if (facts.desk.choice == DeskChoice::kSkip) {
    return Skip("SKIPPED_BY_DECISION", "B10");
  }
  // Another name makes up for a bad one, not for an object nobody can read.
  const bool is_renamed = facts.desk.choice == DeskChoice::kRename;
  const bool needs_own_name = !is_renamed || !IsReadable(desired);
  if (needs_own_name && !desired.skip_reason.empty()) {
    return Skip(desired.skip_reason, "R37");
  }
  if (WantedUsername(desired, facts.desk).empty()) {
    return Skip("USERNAME_EMPTY", "R37");
  }
  if (desired.username_collides && facts.desk.choice == DeskChoice::kPreset) {
    return Skip("USERNAME_COLLISION", "A4");
  }
  if (facts.is_awaited) return Skip("USERNAME_COLLISION", "A4");
  if (facts.username_may_come_free) {
    UserDecision decision;
    decision.fate = Fate::kWait;
    return decision;
  }
  if (facts.namesake == nullptr) {
    return Create(desired, facts.desk, rules, now);
  }
  // The namesake is another object of the same tenant, in the trash or not: two
  // source objects never share a user.
  if (facts.namesake->ClaimOf(rules.directory) != nullptr) {
    return Skip("USERNAME_COLLISION", "A4");
  }
  // Nobody decided to merge with somebody who has taken the other name since.
  if (is_renamed) return Skip("USERNAME_COLLISION", "B10");
  return Merge(desired, *facts.namesake, rules, now);
}

UserDecision DecideAbsent(const User& user, const SyncRules& rules,
                          absl::Time now) {
  UserDecision decision;
  decision.after = user;
  if (user.pending_deletion()) return decision;  // R63

  User& after = decision.after;
  after.groups = Without(user.groups, GroupsToLeave(user.groups, {}, rules));
  const bool held = std::any_of(user.groups.begin(), user.groups.end(),
                                [&](const std::string& group) {
                                  return rules.missing_groups.contains(group);
                                });
  if (held) {
    decision.fate = Fate::kHold;
    decision.rules = {"A7"};
  } else if (user.claims.size() > 1) {
    decision.fate = Fate::kDropClaim;
    decision.rules = {"A6"};
    std::erase_if(after.claims, [&](const Claim& claim) {
      return claim.directory == rules.directory;
    });
    std::erase_if(after.phones, [&](const Phone& phone) {
      return phone.directory == rules.directory;
    });
  } else {
    decision.fate = Fate::kRemove;
    decision.rules = {"R56"};
    after.delete_time = now;
    after.deletion_epoch = user.deletion_epoch + 1;
  }
  if (after != user) after.update_time = now;
  return decision;
}

UserDecision DecideWithheld(const User& user, const Withheld& withheld,
                            absl::Time now) {
  UserDecision decision;
  decision.fate = Fate::kUpdate;
  decision.after = user;
  if (withheld.disable && !user.pending_deletion() &&
      user.status != UserStatus::kDisabled) {
    Disable(&decision);
  }
  decision.after.groups = Without(user.groups, withheld.leave_groups);
  if (decision.after.groups != user.groups) decision.rules.push_back("R25");
  if (withheld.clear_email && !user.email.empty()) {
    decision.after.email.clear();
    decision.rules.push_back("A5");
  }
  if (decision.after == user) {
    decision.fate = Fate::kUnchanged;
    return decision;
  }
  decision.after.update_time = now;
  return decision;
}

UserDecision WithTaking(UserDecision decision, absl::Time now) {
  if (decision.withheld.empty()) return decision;
  UserDecision taken = DecideWithheld(decision.after, decision.withheld, now);
  if (decision.fate == Fate::kUnchanged) decision.fate = taken.fate;
  decision.after = std::move(taken.after);
  decision.disabled = decision.disabled || taken.disabled;
  decision.rules.insert(decision.rules.end(), taken.rules.begin(),
                        taken.rules.end());
  decision.withheld = Withheld();
  return decision;
}

bool IsFromNewerReading(absl::Time stored, absl::Time reading, absl::Time now) {
  // Clocks of two processes differ by less.
  constexpr absl::Duration kTolerance = absl::Minutes(5);
  return stored > reading && stored <= now + kTolerance;
}

}  // namespace rollcall::reconciliation
