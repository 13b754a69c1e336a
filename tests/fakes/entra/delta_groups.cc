// The pages of groups, with their members.

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tests/fakes/entra/delta_changes.h"
#include "tests/fakes/entra/delta_page.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

// A page ends after so many slices, or else a few large groups would make it
// as long as they like.
constexpr size_t kSlicesPerPage = 2;
// Former members that the initial round tells, by the fault of that name.
constexpr size_t kFormerMembers = 10;

void WriteMemberDelta(absl::string_view type, const Guid& id, bool removed,
                      JsonWriter& json) {
  json.BeginObject().Member("@odata.type", type).Member("id", id.ToString());
  if (removed) {
    json.Key("@removed").BeginObject().Member("reason", "deleted").EndObject();
  }
  json.EndObject();
}

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
  bool All() {
    const RoundObjects round(state_, link_);
    while (true) {
      for (; link_.position < round.size(); ++link_.position) {
        const ObjectRef ref = round.at(link_.position);
        if (!HasSlice(ref)) continue;
        if (IsFull()) return false;
        AddSlice(ref);
      }
      if (!HasMoreSlices(round)) break;
      link_.offset += link_.slice;
      link_.position = 0;
    }
    if (options_.removed_in_initial) AddFormerMembers();
    return true;
  }

  bool Changed() {
    const ChangeLog& log = state_.group_changes();
    for (; link_.position < link_.until; ++link_.position) {
      const auto at = static_cast<uint32_t>(link_.position);
      const Change& change = log.at(at);
      const bool is_step = change.member && options_.every_step;
      if (!is_step && IsSuperseded(log, at, link_.until)) continue;
      if (!PassesFilter(link_, state_.IdOf(change.object))) continue;
      if (IsFull()) return false;
      if (change.member) {
        AddMembership(change);
      } else if (!AddGroup(change.object, Summarize(log, link_.from, at))) {
        return false;
      }
    }
    return true;
  }

  std::string Take() {
    PageObjects objects;
    for (const PageGroup& group : groups_) Write(group, objects);
    if (options_.unknown_removed) {
      JsonWriter json(objects.Next());
      WriteRemoved(UnknownId(link_.position), Life::kGone, json);
    }
    return std::move(objects).ToArray(options_);
  }

 private:
  bool IsFull() const {
    return groups_.size() >= options_.page_size ||
           members_ >= kSlicesPerPage * link_.slice;
  }

  bool ShowsMembers(ObjectRef group) const {
    return (link_.selected & Bit(GroupProperty::kMembers)) &&
           state_.IsLive(group) &&
           (options_.hidden_members || !state_.group(group).hidden_membership);
  }

  // Service principals are not shown, as everywhere in v1.0.
  static bool IsShown(ObjectRef member) {
    return member && member.kind() != ObjectKind::kServicePrincipal;
  }

  PageGroup& GroupOf(ObjectRef ref) {
    const auto [it, is_new] = index_.try_emplace(ref, groups_.size());
    if (is_new) groups_.push_back({.group = ref});
    return groups_[it->second];
  }

  void AddMember(PageGroup& group, ObjectRef member, bool removed) {
    group.members.emplace_back(member, removed);
    ++members_;
  }

  // -------------------------------------------------- the initial round

  // Whether the group has a place among the slices at hand.
  bool HasSlice(ObjectRef ref) const {
    if (link_.offset > 0) {
      return ShowsMembers(ref) &&
             state_.group(ref).members.size() > link_.offset;
    }
    return state_.IsLive(ref) || options_.removed_in_initial;
  }

  bool HasMoreSlices(const RoundObjects& round) const {
    for (uint64_t at = 0; at < round.size(); ++at) {
      const ObjectRef ref = round.at(at);
      if (ShowsMembers(ref) &&
          state_.group(ref).members.size() > link_.offset + link_.slice) {
        return true;
      }
    }
    return false;
  }

  void AddSlice(ObjectRef ref) {
    PageGroup& group = GroupOf(ref);
    group.properties = link_.selected;
    if (!ShowsMembers(ref)) return;
    const std::vector<ObjectRef>& members = state_.group(ref).members;
    const size_t end =
        std::min<size_t>(link_.offset + link_.slice, members.size());
    for (size_t i = link_.offset; i < end; ++i) {
      if (IsShown(members[i])) AddMember(group, members[i], false);
    }
  }

  void AddFormerMembers() {
    const ChangeLog& log = state_.group_changes();
    size_t added = 0;
    for (uint64_t at = link_.until; at-- > 0 && added < kFormerMembers;) {
      const auto position = static_cast<uint32_t>(at);
      const Change& change = log.at(position);
      if (change.kind != ChangeKind::kMemberRemoved ||
          log.NextOf(position) != ChangeLog::kNone ||
          !PassesFilter(link_, state_.IdOf(change.object))) {
        continue;
      }
      AddMembership(change);
      ++added;
    }
  }

  // -------------------------------------------------- later rounds

  void AddMembership(const Change& change) {
    if (!ShowsMembers(change.object) || !IsShown(change.member)) return;
    const bool removed = change.kind == ChangeKind::kMemberRemoved;
    if (removed && options_.silent_deletions && !state_.IsLive(change.member)) {
      return;
    }
    PageGroup& group = GroupOf(change.object);
    if (!options_.minimal) group.properties = link_.selected;
    AddMember(group, change.member, removed);
  }

  // False if the page is full before the group is told.
  bool AddGroup(ObjectRef ref, const ObjectChange& change) {
    if (!change.life_changed && !(change.properties & link_.selected)) {
      return true;
    }
    if (!state_.IsLive(ref) && options_.silent_deletions) return true;
    PageGroup& group = GroupOf(ref);
    group.changed = change.properties;
    const bool all =
        !options_.minimal || change.is_new || options_.unchanged_too;
    group.properties |=
        all ? link_.selected : change.properties & link_.selected;
    if (options_.blank && !change.life_changed) {
      group.properties = 0;
      link_.resume = link_.from;
    }
    // Who sees it again has forgotten its members.
    return !change.is_restored || AddAllMembers(ref, group);
  }

  // From the offset of the link on.
  bool AddAllMembers(ObjectRef ref, PageGroup& group) {
    if (!ShowsMembers(ref)) return true;
    const std::vector<ObjectRef>& members = state_.group(ref).members;
    for (; link_.offset < members.size(); ++link_.offset) {
      const ObjectRef member = members[link_.offset];
      if (!IsShown(member)) continue;
      if (members_ >= kSlicesPerPage * link_.slice) return false;
      AddMember(group, member, false);
    }
    link_.offset = 0;
    return true;
  }

  // -------------------------------------------------- JSON

  void Write(const PageGroup& group, PageObjects& objects) {
    JsonWriter json(objects.Next());
    const Group& record = state_.group(group.group);
    if (record.life != Life::kLive) {
      return WriteRemoved(record.id, record.life, json);
    }
    const PropertySet properties = group.properties | Bit(GroupProperty::kId);
    const Nulls never_set = options_.nulls ? Nulls::kWrite : Nulls::kOmit;
    json.BeginObject();
    WriteGroup(state_, record, properties & ~group.changed, never_set, json);
    WriteGroup(state_, record, properties & group.changed, Nulls::kWrite, json);
    const bool dangling = options_.dangling_member &&
                          ShowsMembers(group.group) && &group == &groups_[0];
    if (!group.members.empty() || dangling) {
      json.Key("members@delta").BeginArray();
      for (const auto& [member, removed] : group.members) {
        WriteMemberDelta(ODataType(member.kind()), state_.IdOf(member), removed,
                         json);
      }
      if (dangling) {
        WriteMemberDelta(ODataType(ObjectKind::kUser),
                         UnknownId(group.group.index()), false, json);
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

DeltaPage GroupsDeltaPage(const TenantState& state, DeltaLink& link,
                          const DeltaPageOptions& options) {
  GroupsPage page(state, link, options);
  const bool done = link.initial ? page.All() : page.Changed();
  return {.value = page.Take(), .done = done};
}

}  // namespace rollcall::entra
