#include "services/reconciliation/release_decision.h"

#include <algorithm>
#include <vector>

namespace rollcall::reconciliation {
namespace {

void DropClaim(const std::string& directory, User& user) {
  std::erase_if(user.claims, [&](const Claim& claim) {
    return claim.directory == directory;
  });
}

// The directory's phones become the user's own, each number once.
void KeepPhones(const std::string& directory, User& user) {
  std::vector<Phone> kept;
  for (Phone phone : user.phones) {
    if (phone.directory != directory) kept.push_back(std::move(phone));
  }
  for (const Phone& phone : user.phones) {
    if (phone.directory != directory) continue;
    const bool known = std::any_of(
        kept.begin(), kept.end(),
        [&](const Phone& other) { return other.number == phone.number; });
    if (!known) kept.push_back({.number = phone.number, .directory = ""});
  }
  user.phones = std::move(kept);
}

UserDecision Keep(const User& user, const std::string& directory) {
  UserDecision decision;
  User& after = decision.after;
  after = user;
  DropClaim(directory, after);
  KeepPhones(directory, after);
  if (!after.claims.empty()) {
    decision.fate = Fate::kDropClaim;
    decision.rules = {"A6"};
    return decision;
  }
  decision.fate = Fate::kUpdate;
  decision.rules = {"A9"};
  // No source will ever enable him: a person may (R51 has lost its ground).
  if (after.disabled_by == DisabledBy::kSource) {
    after.disabled_by = DisabledBy::kAdministrator;
  }
  return decision;
}

UserDecision Trash(const User& user, const ReleaseRules& rules,
                   absl::Time now) {
  const SyncRules as_absent{.directory = rules.directory,
                            .own_groups = rules.own_groups};
  UserDecision decision = DecideAbsent(user, as_absent, now);
  if (decision.fate == Fate::kDropClaim) return decision;
  if (decision.fate == Fate::kUnchanged) decision.fate = Fate::kUpdate;
  decision.rules = {"A9"};
  DropClaim(rules.directory, decision.after);
  return decision;
}

}  // namespace

UserDecision DecideReleased(const User& user, const ReleaseRules& rules,
                            absl::Time now) {
  const bool trashed = rules.trash_users || user.pending_deletion();
  UserDecision decision =
      trashed ? Trash(user, rules, now) : Keep(user, rules.directory);
  // No plan of it will be applied any more (B5).
  if (decision.after.pinned_by == rules.directory) {
    decision.after.pinned_by.clear();
  }
  decision.after.update_time = now;
  return decision;
}

}  // namespace rollcall::reconciliation
