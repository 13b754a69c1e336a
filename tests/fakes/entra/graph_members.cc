#include "tests/fakes/entra/graph_members.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "tests/fakes/entra/collection.h"
#include "tests/fakes/entra/criteria.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/graph_groups.h"
#include "tests/fakes/entra/member_json.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

// Which kinds of members a request lists.
struct Kinds {
  bool all = true;  // of those that v1.0 shows
  ObjectKind only = ObjectKind::kUser;
  bool service_principals = false;

  bool Has(ObjectKind kind) const {
    if (!all) return kind == only;
    return kind != ObjectKind::kServicePrincipal || service_principals;
  }
};

absl::StatusOr<Kinds> ParseKinds(const GraphContext& context,
                                 const GraphCall& call,
                                 absl::string_view cast) {
  if (cast.empty()) {
    return Kinds{
        .service_principals =
            context.faults
                .Strike(FaultKind::kShowServicePrincipals, call.Target())
                .has_value()};
  }
  for (int i = 0; i < kObjectKinds; ++i) {
    const auto kind = static_cast<ObjectKind>(i);
    if (absl::EqualsIgnoreCase(ODataType(kind).substr(1), cast)) {
      return Kinds{.all = false, .only = kind};
    }
  }
  return UnsupportedQuery("Invalid search request.");
}

// What filters and orders see of an object: the property of its own type with
// this name.
FilterValue ReadNamed(const TenantState& state, ObjectRef ref,
                      absl::string_view name) {
  if (ref.kind() == ObjectKind::kUser || ref.kind() == ObjectKind::kGroup) {
    const auto property = FindProperty(
        ref.kind() == ObjectKind::kUser ? UserProperties() : GroupProperties(),
        name);
    return property ? ReadObject(state, ref, *property) : FilterValue();
  }
  const OtherObject& other = state.others(ref.kind())[ref.index()];
  if (name == "id") return other.id.ToString();
  if (name == "displayName") return other.display_name;
  return FilterValue();
}

// The members that a request lists.
class MemberList {
 public:
  static absl::StatusOr<MemberList> Parse(const GraphCall& call,
                                          const Kinds& kinds) {
    const bool groups = !kinds.all && kinds.only == ObjectKind::kGroup;
    const auto infos = groups ? GroupProperties() : UserProperties();
    absl::StatusOr<MemberProperties> properties =
        MemberProperties::Parse(call.options);
    if (!properties.ok()) return properties.status();
    absl::StatusOr<Criteria> criteria = Criteria::ParseForRelation(call, infos);
    if (!criteria.ok()) return criteria.status();
    return MemberList(kinds, infos, *std::move(properties),
                      *std::move(criteria));
  }

  // `members` are at positions for ever; removed ones are nothing.
  absl::StatusOr<GraphReply> List(const GraphContext& context,
                                  const GraphCall& call,
                                  const TenantState& state,
                                  absl::Span<const ObjectRef> members) const {
    if (criteria_.order.has_value()) {
      return ListInOrder(context, call, state, members);
    }
    const auto is_listed = [&](uint64_t at) { return Has(state, members[at]); };
    return ListPage(context, call,
                    {.context = kContext,
                     .end = members.size(),
                     .next = NextWhere(members.size(), is_listed),
                     .write = [&](uint64_t at, JsonWriter& json) {
                       Write(call, state, members[at], json);
                     }});
  }

  // Likewise, for members that are sorted: the position is the member itself,
  // so that changes between two pages move nothing.
  absl::StatusOr<GraphReply> ListSorted(
      const GraphContext& context, const GraphCall& call,
      const TenantState& state, absl::Span<const ObjectRef> members) const {
    if (criteria_.order.has_value()) {
      return ListInOrder(context, call, state, members);
    }
    constexpr uint64_t kEnd = uint64_t{1} << 32;
    const auto next = [&](uint64_t at) {
      auto it = std::lower_bound(
          members.begin(), members.end(), at,
          [](ObjectRef member, uint64_t raw) { return member.raw() < raw; });
      while (it != members.end() && !Has(state, *it)) ++it;
      return it == members.end() ? kEnd : it->raw();
    };
    return ListPage(context, call,
                    {.context = kContext,
                     .end = kEnd,
                     .next = next,
                     .write = [&](uint64_t at, JsonWriter& json) {
                       Write(call, state,
                             ObjectRef::FromRaw(static_cast<uint32_t>(at)),
                             json);
                     }});
  }

 private:
  static constexpr char kContext[] = "directoryObjects";

  MemberList(const Kinds& kinds, absl::Span<const PropertyInfo> infos,
             MemberProperties properties, Criteria criteria)
      : kinds_(kinds),
        infos_(infos),
        properties_(properties),
        criteria_(std::move(criteria)) {}

  bool Has(const TenantState& state, ObjectRef member) const {
    return member && kinds_.Has(member.kind()) && state.IsLive(member) &&
           (criteria_.empty() || criteria_.Match([&](int property) {
             return ReadNamed(state, member, infos_[property].name);
           }));
  }

  void Write(const GraphCall& call, const TenantState& state, ObjectRef member,
             JsonWriter& json) const {
    WriteMember(state, member, properties_, call.permissions, kinds_.all, json);
  }

  absl::StatusOr<GraphReply> ListInOrder(
      const GraphContext& context, const GraphCall& call,
      const TenantState& state, absl::Span<const ObjectRef> members) const {
    const absl::string_view name = infos_[criteria_.order->property].name;
    std::vector<OrderMark> marks;
    for (ObjectRef member : members) {
      if (!Has(state, member)) continue;
      marks.push_back(
          {OrderText(ReadNamed(state, member, name)), member.raw()});
    }
    const Ordering ordering(std::move(marks), criteria_.order->descending);
    return ListPage(context, call,
                    {.context = kContext,
                     .end = ordering.size(),
                     .next = [](uint64_t rank) { return rank; },
                     .write =
                         [&](uint64_t rank, JsonWriter& json) {
                           Write(call, state,
                                 ObjectRef::FromRaw(ordering.IndexAt(rank)),
                                 json);
                         },
                     .ordering = &ordering});
  }

  const Kinds kinds_;
  const absl::Span<const PropertyInfo> infos_;
  const MemberProperties properties_;
  const Criteria criteria_;
};

// A cast to what such a group never contains is refused.
absl::Status CheckCast(const Group& group, const Kinds& kinds) {
  if (group.type == GroupType::kMicrosoft365 && !kinds.all &&
      kinds.only == ObjectKind::kGroup) {
    return UnsupportedQuery("Unsupported Query.");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GraphReply> ListMembers(const GraphContext& context,
                                       const GraphCall& call,
                                       absl::string_view id,
                                       absl::string_view cast) {
  if (!call.permissions.groups) return AccessDenied();
  const absl::StatusOr<Kinds> kinds = ParseKinds(context, call, cast);
  if (!kinds.ok()) return kinds.status();
  const absl::StatusOr<MemberList> list = MemberList::Parse(call, *kinds);
  if (!list.ok()) return list.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const absl::StatusOr<ObjectRef> ref =
            NeedGroup(context, call, state, id);
        if (!ref.ok()) return ref.status();
        const Group& group = state.group(*ref);
        if (absl::Status status = CheckCast(group, *kinds); !status.ok()) {
          return status;
        }
        return list->List(context, call, state,
                          IsHidden(group, call) ? absl::Span<const ObjectRef>()
                                                : group.members);
      });
}

absl::StatusOr<GraphReply> ListTransitiveMembers(const GraphContext& context,
                                                 const GraphCall& call,
                                                 absl::string_view id,
                                                 absl::string_view cast) {
  if (!call.permissions.groups) return AccessDenied();
  const absl::StatusOr<Kinds> kinds = ParseKinds(context, call, cast);
  if (!kinds.ok()) return kinds.status();
  if (!kinds->all && kinds->only == ObjectKind::kGroup && !call.advanced()) {
    return UnsupportedQuery("Invalid search request.");
  }
  const absl::StatusOr<MemberList> list = MemberList::Parse(call, *kinds);
  if (!list.ok()) return list.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const absl::StatusOr<ObjectRef> ref =
            NeedGroup(context, call, state, id);
        if (!ref.ok()) return ref.status();
        if (absl::Status status = CheckCast(state.group(*ref), *kinds);
            !status.ok()) {
          return status;
        }
        const auto members = context.closures.TransitiveMembers(
            state, *ref, call.permissions.hidden_members);
        return list->ListSorted(context, call, state, *members);
      });
}

}  // namespace rollcall::entra
