#include "services/reconciliation/group_diff.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"

namespace rollcall::reconciliation {
namespace {

// One plan in the making. One thread, one use.
class Plan {
 public:
  Plan(const std::string& directory, const std::vector<DesiredGroup>& desired,
       const std::vector<Group>& own, const std::vector<Group>& namesakes)
      : directory_(directory), desired_(desired) {
    for (const Group& group : own) by_source_[group.source_id] = &group;
    for (const Group& group : namesakes) {
      by_name_[GroupNameKey(group.display_name)] = &group;
    }
    for (const DesiredGroup& group : desired) selected_.insert(group.source_id);
    moves_.assign(desired.size(), true);
    for (size_t i = 0; i < desired.size(); ++i) turns_.push_back(i);
    std::sort(turns_.begin(), turns_.end(),
              [&](size_t a, size_t b) { return Turn(a) < Turn(b); });
  }

  // Assumes that every group gets its name, and withdraws that from those who
  // cannot, until nothing changes: a group that keeps its name may stand in the
  // way of another one. Ends, because each round withdraws at least one.
  std::vector<GroupDecision> Settle(absl::Time now) {
    bool changed = true;
    while (changed) {
      changed = false;
      for (const size_t i : turns_) {
        if (!moves_[i] || !WantsName(i) || MayHaveName(i)) continue;
        moves_[i] = false;
        changed = true;
      }
    }
    std::vector<GroupDecision> decisions;
    decisions.reserve(desired_.size());
    for (size_t i = 0; i < desired_.size(); ++i) {
      decisions.push_back(Decide(i, now));
    }
    return decisions;
  }

 private:
  const Group* Linked(size_t i) const {
    auto found = by_source_.find(desired_[i].source_id);
    return found == by_source_.end() ? nullptr : found->second;
  }
  const Group* Namesake(size_t i) const {
    auto found = by_name_.find(NameKeyOf(i));
    return found == by_name_.end() ? nullptr : found->second;
  }

  // Whether the group needs a name that it does not have yet.
  bool WantsName(size_t i) const {
    if (desired_[i].missing || StaysOut(i)) return false;
    const Group* linked = Linked(i);
    return linked == nullptr ||
           GroupNameKey(linked->display_name) != NameKeyOf(i);
  }

  std::string NameKeyOf(size_t i) const {
    return GroupNameKey(WantedName(desired_[i]));
  }

  bool StaysOut(size_t i) const {
    return desired_[i].desk.choice == DeskChoice::kSkip && Linked(i) == nullptr;
  }

  // Whether this directory's own selected group `group` gives its name up.
  bool GivesNameUp(const Group& group) const {
    for (size_t i = 0; i < desired_.size(); ++i) {
      if (desired_[i].source_id == group.source_id) {
        return moves_[i] && WantsName(i);
      }
    }
    return false;
  }

  bool IsSelectedHere(const Group& group) const {
    return group.directory == directory_ && selected_.contains(group.source_id);
  }

  // Of those that want one name, one that was adopted gets it (B10), and then
  // the one with the smaller source id.
  std::pair<bool, absl::string_view> Turn(size_t i) const {
    return {desired_[i].desk.choice != DeskChoice::kAdopt,
            desired_[i].source_id};
  }

  bool MayHaveName(size_t i) const {
    const std::string name = NameKeyOf(i);
    for (const size_t other : turns_) {
      if (other == i) break;
      if (!moves_[other] || !WantsName(other)) continue;
      if (NameKeyOf(other) == name) return false;
    }
    const Group* namesake = Namesake(i);
    if (namesake == nullptr) return true;
    if (IsSelectedHere(*namesake)) return GivesNameUp(*namesake);
    // Takes it over.
    return Linked(i) == nullptr &&
           desired_[i].desk.choice != DeskChoice::kRename;
  }

  GroupDecision Decide(size_t i, absl::Time now) const {
    const DesiredGroup& desired = desired_[i];
    const Group* linked = Linked(i);
    GroupDecision decision;
    if (linked != nullptr) {
      decision.after = *linked;
      decision.linked = true;
    }
    if (desired.missing) {
      decision.fate = GroupFate::kMissing;
      decision.rule = "A7";
      return decision;
    }
    if (StaysOut(i)) {
      decision.fate = GroupFate::kSkip;
      decision.rule = "B10";
      return decision;
    }
    if (!moves_[i]) {
      decision.fate = GroupFate::kConflict;
      decision.rule = "A24";
      return decision;
    }
    decision.linked = true;
    Group& after = decision.after;
    const Group* namesake = Namesake(i);
    if (linked != nullptr) {
      if (linked->display_name == WantedName(desired)) return decision;
      decision.fate = GroupFate::kRename;
      decision.rule =
          desired.desk.choice == DeskChoice::kRename ? "B10" : "A24";
    } else if (namesake != nullptr && !IsSelectedHere(*namesake)) {
      after = *namesake;
      decision.fate = GroupFate::kTakeOver;
      decision.rule = namesake->directory.empty() ? "R45" : "R46";
      after.has_strangers = true;
    } else {
      decision.fate = GroupFate::kCreate;
      decision.rule = "R24";
      after.create_time = now;
    }
    after.display_name = WantedName(desired);
    after.directory = directory_;
    after.source_id = desired.source_id;
    after.update_time = now;
    return decision;
  }

  const std::string& directory_;
  const std::vector<DesiredGroup>& desired_;
  absl::flat_hash_map<std::string, const Group*> by_source_;
  absl::flat_hash_map<std::string, const Group*> by_name_;
  absl::flat_hash_set<std::string> selected_;
  std::vector<size_t> turns_;  // Who gets a name before whom.
  std::vector<bool> moves_;    // Whether desired_[i] gets the name it wants.
};

}  // namespace

std::string GroupNameKey(absl::string_view display_name) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(display_name));
}

const std::string& WantedName(const DesiredGroup& group) {
  return group.desk.choice == DeskChoice::kRename ? group.desk.name
                                                  : group.display_name;
}

std::vector<GroupDecision> PlanGroups(const std::string& directory,
                                      const std::vector<DesiredGroup>& desired,
                                      const std::vector<Group>& own,
                                      const std::vector<Group>& namesakes,
                                      absl::Time now) {
  return Plan(directory, desired, own, namesakes).Settle(now);
}

bool IsStranger(const User& user, const std::string& directory) {
  return user.ClaimOf(directory) == nullptr || user.pending_deletion();
}

Group Released(const Group& group, absl::Time now) {
  Group after = group;
  after.directory.clear();
  after.source_id.clear();
  after.has_strangers = false;
  after.update_time = now;
  return after;
}

}  // namespace rollcall::reconciliation
