#include "tests/fakes/entra/delta_page.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

// About what the service has been seen to do.
constexpr size_t kObjectsPerPage = 200;
constexpr size_t kMembersPerPage = 1000;
constexpr size_t kDuplicated = 3;

// What happened to one object within a round.
struct Summary {
  bool is_new = false;  // created or restored
  bool is_restored = false;
  bool life_changed = false;
  PropertySet changed = 0;
};

// Of all changes to the object of the one at `last`, back to `from`.
Summary Summarize(const ChangeLog& log, uint64_t from, uint32_t last) {
  Summary summary;
  for (uint32_t at = last; at != ChangeLog::kNone && at >= from;
       at = log.PreviousOf(at)) {
    const Change& change = log.at(at);
    summary.changed |= change.properties;
    if (change.kind == ChangeKind::kUpdated) continue;
    summary.life_changed = true;
    summary.is_restored |= change.kind == ChangeKind::kRestored;
    summary.is_new |= change.kind == ChangeKind::kRestored ||
                      change.kind == ChangeKind::kCreated;
  }
  return summary;
}

// Whether a later change of the round concerns the same thing.
bool IsSuperseded(const ChangeLog& log, uint32_t at, uint64_t until) {
  const uint32_t next = log.NextOf(at);
  return next != ChangeLog::kNone && next < until;
}

bool PassesFilter(const DeltaLink& link, const Guid& id) {
  if (link.ids.empty()) return true;
  const std::string text = id.ToString();
  for (size_t i = 0; i + text.size() <= link.ids.size(); i += text.size()) {
    if (link.ids.compare(i, text.size(), text) == 0) return true;
  }
  return false;
}

void WriteRemoved(const Guid& id, Life life, JsonWriter& json) {
  json.BeginObject()
      .Member("id", id.ToString())
      .Key("@removed")
      .BeginObject()
      .Member("reason", life == Life::kGone ? "deleted" : "changed")
      .EndObject()
      .EndObject();
}

void WriteMemberDelta(ObjectRef member, const Guid& id, bool removed,
                      JsonWriter& json) {
  json.BeginObject()
      .Member("@odata.type", ODataType(member.kind()))
      .Member("id", id.ToString());
  if (removed) {
    json.Key("@removed").BeginObject().Member("reason", "deleted").EndObject();
  }
  json.EndObject();
}

// Collects the objects of a page, each as JSON.
class Objects {
 public:
  size_t size() const { return objects_.size(); }
  std::string& Next() { return objects_.emplace_back(); }

  std::string ToArray(bool duplicates) const {
    std::string array = "[";
    const auto append = [&array](const std::string& object) {
      if (array.size() > 1) array.push_back(',');
      array += object;
    };
    for (const std::string& object : objects_) append(object);
    if (duplicates) {
      for (size_t i = 0; i < std::min(kDuplicated, size()); ++i) {
        append(objects_[i]);
      }
    }
    array.push_back(']');
    return array;
  }

 private:
  std::vector<std::string> objects_;
};

// ---------------------------------------------------------------- users

void WriteChangedUser(const User& user, const Summary& summary,
                      const DeltaLink& link, bool minimal, std::string& out) {
  JsonWriter json(out);
  if (user.life != Life::kLive) return WriteRemoved(user.id, user.life, json);
  PropertySet properties = link.selected;
  if (minimal && !summary.is_new) {
    properties &= summary.changed | Bit(UserProperty::kId);
  }
  // A property that never was anything is left out; one that has just become
  // null is said to be null.
  json.BeginObject();
  WriteUser(user, properties & ~summary.changed, Nulls::kOmit, json);
  WriteUser(user, properties & summary.changed, Nulls::kWrite, json);
  json.EndObject();
}

bool AllUsers(const TenantState& state, DeltaLink& link,
              const DeltaPageOptions& options, Objects& objects) {
  const std::vector<User>& users = state.users();
  for (; link.position < users.size(); ++link.position) {
    const User& user = users[link.position];
    const bool shown =
        user.life == Life::kLive ||
        (options.soft_deleted_in_initial && user.life == Life::kSoftDeleted);
    if (!shown || !PassesFilter(link, user.id)) continue;
    if (objects.size() == kObjectsPerPage) return false;
    WriteChangedUser(user, {.is_new = true}, link, false, objects.Next());
  }
  return true;
}

bool ChangedUsers(const TenantState& state, DeltaLink& link,
                  const DeltaPageOptions& options, Objects& objects) {
  const ChangeLog& log = state.user_changes();
  for (; link.position < link.until; ++link.position) {
    const auto at = static_cast<uint32_t>(link.position);
    if (IsSuperseded(log, at, link.until)) continue;
    const Summary summary = Summarize(log, link.from, at);
    if (!summary.life_changed && !(summary.changed & link.selected)) continue;
    const User& user = state.user(log.at(at).object);
    if (!PassesFilter(link, user.id)) continue;
    if (objects.size() == kObjectsPerPage) return false;
    WriteChangedUser(user, summary, link, options.minimal, objects.Next());
  }
  return true;
}

// ---------------------------------------------------------------- groups

// A group of the page, written when all of its changes are known.
struct PageGroup {
  ObjectRef group;
  PropertySet properties = 0;
  PropertySet changed = 0;
  std::vector<std::pair<ObjectRef, bool>> members;  // and whether removed
};

class GroupsPage {
 public:
  GroupsPage(const TenantState& state, DeltaLink& link,
             const DeltaPageOptions& options)
      : state_(state), link_(link), options_(options) {}

  // Both return whether the round is done.
  bool AllGroups() {
    const std::vector<Group>& groups = state_.groups();
    for (; link_.position < groups.size(); ++link_.position) {
      const ObjectRef ref(ObjectKind::kGroup,
                          static_cast<uint32_t>(link_.position));
      const Life life = state_.LifeOf(ref);
      const bool shown =
          life == Life::kLive ||
          (options_.soft_deleted_in_initial && life == Life::kSoftDeleted);
      if (!shown || !PassesFilter(link_, state_.IdOf(ref))) continue;
      if (IsFull()) return false;
      PageGroup& group = GroupOf(ref);
      group.properties = link_.selected;
      if (life == Life::kLive && !AddAllMembers(ref, group)) return false;
    }
    return true;
  }

  bool ChangedGroups() {
    const ChangeLog& log = state_.group_changes();
    for (; link_.position < link_.until; ++link_.position) {
      const auto at = static_cast<uint32_t>(link_.position);
      if (IsSuperseded(log, at, link_.until)) continue;
      const Change& change = log.at(at);
      if (!PassesFilter(link_, state_.IdOf(change.object))) continue;
      if (IsFull()) return false;
      const bool added =
          change.member
              ? AddMembership(change)
              : AddGroup(change.object, Summarize(log, link_.from, at));
      if (!added) return false;
    }
    return true;
  }

  std::string Write() const {
    Objects objects;
    for (const PageGroup& group : groups_) WriteGroupOf(group, objects.Next());
    return objects.ToArray(options_.duplicates);
  }

 private:
  bool has_members() const {
    return link_.selected & Bit(GroupProperty::kMembers);
  }

  bool IsFull() const {
    return groups_.size() >= kObjectsPerPage || members_ >= kMembersPerPage;
  }

  PageGroup& GroupOf(ObjectRef ref) {
    const auto [it, is_new] = index_.try_emplace(ref, groups_.size());
    if (is_new) groups_.push_back({.group = ref});
    return groups_[it->second];
  }

  static bool IsShown(ObjectRef member) {
    return member && member.kind() != ObjectKind::kServicePrincipal;
  }

  // From the offset of the link on. False if the page is full before the end.
  bool AddAllMembers(ObjectRef ref, PageGroup& group) {
    if (!has_members()) return true;
    const std::vector<ObjectRef>& members = state_.group(ref).members;
    for (; link_.offset < members.size(); ++link_.offset) {
      const ObjectRef member = members[link_.offset];
      if (!IsShown(member)) continue;
      if (members_ >= kMembersPerPage) return false;
      group.members.emplace_back(member, false);
      ++members_;
    }
    link_.offset = 0;
    return true;
  }

  bool AddMembership(const Change& change) {
    if (!has_members() || !IsShown(change.member)) return true;
    if (!state_.IsLive(change.object)) return true;
    PageGroup& group = GroupOf(change.object);
    if (!options_.minimal) group.properties = link_.selected;
    group.members.emplace_back(change.member,
                               change.kind == ChangeKind::kMemberRemoved);
    ++members_;
    return true;
  }

  bool AddGroup(ObjectRef ref, const Summary& summary) {
    if (!summary.life_changed && !(summary.changed & link_.selected)) {
      return true;
    }
    PageGroup& group = GroupOf(ref);
    group.changed = summary.changed;
    group.properties |= options_.minimal && !summary.is_new
                            ? summary.changed & link_.selected
                            : link_.selected;
    // Who sees it again has forgotten its members.
    if (summary.is_restored && state_.IsLive(ref)) {
      return AddAllMembers(ref, group);
    }
    return true;
  }

  void WriteGroupOf(const PageGroup& group, std::string& out) const {
    JsonWriter json(out);
    const Group& record = state_.group(group.group);
    if (record.life != Life::kLive) {
      return WriteRemoved(record.id, record.life, json);
    }
    const PropertySet properties = group.properties | Bit(GroupProperty::kId);
    json.BeginObject();
    WriteGroup(state_, record, properties & ~group.changed, Nulls::kOmit, json);
    WriteGroup(state_, record, properties & group.changed, Nulls::kWrite, json);
    if (!group.members.empty()) {
      json.Key("members@delta").BeginArray();
      for (const auto& [member, removed] : group.members) {
        WriteMemberDelta(member, state_.IdOf(member), removed, json);
      }
      json.EndArray();
    }
    json.EndObject();
  }

  const TenantState& state_;
  DeltaLink& link_;
  const DeltaPageOptions& options_;
  std::vector<PageGroup> groups_;
  absl::flat_hash_map<ObjectRef, size_t> index_;
  size_t members_ = 0;
};

}  // namespace

DeltaPage UsersDeltaPage(const TenantState& state, DeltaLink& link,
                         const DeltaPageOptions& options) {
  Objects objects;
  DeltaPage page;
  page.done = link.initial ? AllUsers(state, link, options, objects)
                           : ChangedUsers(state, link, options, objects);
  page.value = objects.ToArray(options.duplicates);
  return page;
}

DeltaPage GroupsDeltaPage(const TenantState& state, DeltaLink& link,
                          const DeltaPageOptions& options) {
  GroupsPage groups(state, link, options);
  DeltaPage page;
  page.done = link.initial ? groups.AllGroups() : groups.ChangedGroups();
  page.value = groups.Write();
  return page;
}

}  // namespace rollcall::entra
