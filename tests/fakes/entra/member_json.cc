#include "tests/fakes/entra/member_json.h"

#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

bool MayRead(ObjectKind kind, const Permissions& permissions) {
  if (permissions.limited_members) return false;
  switch (kind) {
    case ObjectKind::kUser:
      return permissions.users;
    case ObjectKind::kGroup:
      return permissions.groups;
    default:
      return permissions.others;
  }
}

// The properties of an object that may not be read: null, but for the id.
void WriteLimited(absl::Span<const PropertyInfo> infos, PropertySet properties,
                  const Guid& id, JsonWriter& json) {
  for (size_t i = 0; i < infos.size(); ++i) {
    if (!(properties >> i & 1)) continue;
    if (infos[i].name == "id") {
      json.Member("id", id.ToString());
    } else {
      json.Key(infos[i].name).Null();
    }
  }
}

}  // namespace

absl::StatusOr<MemberProperties> MemberProperties::Parse(
    const QueryOptions& options) {
  const auto user = Selected(options, UserProperties(), kDefaultUserProperties,
                             "user", UnknownNames::kIgnore);
  if (!user.ok()) return user.status();
  const auto group =
      Selected(options, GroupProperties(), kDefaultGroupProperties, "group",
               UnknownNames::kIgnore);
  if (!group.ok()) return group.status();
  return MemberProperties{.user = *user,
                          .group = *group,
                          .other_id = IsSelected(options, "id"),
                          .other_name = IsSelected(options, "displayName")};
}

void WriteMember(const TenantState& state, ObjectRef member,
                 const MemberProperties& properties,
                 const Permissions& permissions, bool typed, JsonWriter& json) {
  const ObjectKind kind = member.kind();
  const bool allowed = MayRead(kind, permissions);
  json.BeginObject();
  if (typed) json.Member("@odata.type", ODataType(kind));
  if (kind == ObjectKind::kUser) {
    const User& user = state.user(member);
    allowed ? WriteUser(user, properties.user, Nulls::kWrite, json)
            : WriteLimited(UserProperties(), properties.user, user.id, json);
  } else if (kind == ObjectKind::kGroup) {
    const Group& group = state.group(member);
    allowed ? WriteGroup(state, group, properties.group, Nulls::kWrite, json)
            : WriteLimited(GroupProperties(), properties.group, group.id, json);
  } else {
    const OtherObject& other = state.others(kind)[member.index()];
    if (properties.other_id) json.Member("id", other.id.ToString());
    if (properties.other_name) {
      json.Key("displayName");
      allowed ? json.String(other.display_name) : json.Null();
    }
  }
  json.EndObject();
}

}  // namespace rollcall::entra
