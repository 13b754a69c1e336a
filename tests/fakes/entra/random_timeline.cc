#include "tests/fakes/entra/random_timeline.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall::entra {
namespace {

constexpr int kTries = 200;  // to find an action that is possible
constexpr int kProbes = 64;  // to find an object that is fit

std::optional<std::string> Told(const absl::Status& status, std::string line) {
  if (!status.ok()) return std::nullopt;
  return line;
}

}  // namespace

RandomTimeline::RandomTimeline(Tenant& tenant, uint64_t seed,
                               TimelineOptions options)
    : tenant_(tenant), prng_(seed), options_(std::move(options)) {
  // Two timelines over one tenant do not compete for names.
  names_ = Mix(seed) % 1'000'000 * 1000;
}

const std::vector<RandomTimeline::Action>& RandomTimeline::Actions() {
  using T = RandomTimeline;
  static const auto& actions = *new std::vector<Action>{
      {10, &T::AddUser},      {3, &T::AddGuest},       {4, &T::ReuseUpn},
      {6, &T::RenameUser},    {4, &T::SwapUpns},       {6, &T::ChangeName},
      {6, &T::SetMail},       {6, &T::SetPhone},       {6, &T::ClearField},
      {8, &T::ToggleEnabled}, {3, &T::ToggleGuest},    {8, &T::DeleteUser},
      {5, &T::RestoreUser},   {4, &T::PurgeUser},      {3, &T::AddGroup},
      {2, &T::RenameGroup},   {2, &T::DeleteGroup},    {2, &T::RestoreGroup},
      {1, &T::PurgeGroup},    {2, &T::HideMembership}, {14, &T::AddMember},
      {10, &T::RemoveMember}, {4, &T::AddRemoveAdd},   {5, &T::Nest},
      {4, &T::Unnest},
  };
  return actions;
}

std::string RandomTimeline::Step() {
  static const int total = [] {
    int sum = 0;
    for (const Action& action : Actions()) sum += action.weight;
    return sum;
  }();
  for (int i = 0; i < kTries; ++i) {
    auto lot = static_cast<int>(prng_.Below(static_cast<uint64_t>(total)));
    for (const Action& action : Actions()) {
      if ((lot -= action.weight) >= 0) continue;
      if (Outcome line = (this->*action.act)()) return *std::move(line);
      break;
    }
  }
  return AddUser().value_or("could not even add a user");
}

// ---------------------------------------------------------------- choices

std::optional<UserView> RandomTimeline::AnyUser() {
  for (int i = 0; i < kProbes; ++i) {
    const std::string id = tenant_.Read([this](const TenantState& state) {
      const std::vector<User>& users = state.users();
      if (users.empty()) return std::string();
      return users[prng_.Below(users.size())].id.ToString();
    });
    if (auto user = tenant_.FindUser(id)) return user;
  }
  return std::nullopt;
}

std::optional<GroupView> RandomTimeline::AnyGroup() {
  for (int i = 0; i < kProbes; ++i) {
    const std::string id = tenant_.Read([this](const TenantState& state) {
      const std::vector<Group>& groups = state.groups();
      if (groups.empty()) return std::string();
      return groups[prng_.Below(groups.size())].id.ToString();
    });
    if (auto group = tenant_.FindGroup(id)) return group;
  }
  return std::nullopt;
}

std::optional<GroupView> RandomTimeline::AnyUnkeptGroup() {
  auto group = AnyGroup();
  const auto& kept = options_.keep_groups;
  if (!group || std::find(kept.begin(), kept.end(), group->id) != kept.end()) {
    return std::nullopt;
  }
  return group;
}

std::optional<std::string> RandomTimeline::MemberOf(
    const std::string& group, absl::FunctionRef<bool(ObjectRef)> passes) {
  return tenant_.Read(
      [&](const TenantState& state) -> std::optional<std::string> {
        const auto ref = state.Find(*Guid::Parse(group));
        const std::vector<ObjectRef>& members = state.group(*ref).members;
        for (int i = 0; i < kProbes && !members.empty(); ++i) {
          const ObjectRef member = members[prng_.Below(members.size())];
          if (!member || !state.IsLive(member) || !passes(member)) continue;
          return state.IdOf(member).ToString();
        }
        return std::nullopt;
      });
}

std::string RandomTimeline::Take(std::vector<std::string>& ids) {
  if (ids.empty()) return "";
  std::swap(ids[prng_.Below(ids.size())], ids.back());
  std::string id = std::move(ids.back());
  ids.pop_back();
  return id;
}

std::string RandomTimeline::NewShortName() {
  constexpr const char* kStems[] = {"ada", "o'brien", "li.wei", "zoe+x",
                                    "M-Ruiz"};
  return absl::StrCat(kStems[prng_.Below(std::size(kStems))], ++names_);
}

std::string RandomTimeline::Domain() {
  const bool initial = prng_.Chance(0.3);
  return tenant_.Read([initial](const TenantState& state) {
    return initial ? state.initial_domain : state.verified_domain;
  });
}

// ---------------------------------------------------------------- users

RandomTimeline::Outcome RandomTimeline::AddUser() {
  const std::string name = NewShortName();
  UserFields fields{.user_principal_name = absl::StrCat(name, "@", Domain()),
                    .display_name = absl::StrCat("New ", name),
                    .enabled = prng_.Chance(0.9)};
  if (prng_.Chance(0.8)) fields.mail = absl::StrCat(names_, "@mail.example");
  if (prng_.Chance(0.3)) fields.mobile_phone = "+44 20 7946 0000";
  const auto id = tenant_.AddUser(fields);
  if (!id.ok()) return std::nullopt;
  std::string line =
      absl::StrCat("adds user ", *id, " ", *fields.user_principal_name);
  const auto group = AnyGroup();
  if (group && tenant_.AddMember(group->id, *id).ok()) {
    absl::StrAppend(&line, " to group ", group->id);
  }
  return line;
}

RandomTimeline::Outcome RandomTimeline::AddGuest() {
  const std::string domain = tenant_.Read(
      [](const TenantState& state) { return state.initial_domain; });
  const std::string name = absl::StrCat("guest", ++names_);
  const std::string upn = absl::StrCat(name, "_x.example#EXT#@", domain);
  const auto id = tenant_.AddUser({.user_principal_name = upn,
                                   .display_name = name,
                                   .mail = absl::StrCat(name, "@x.example"),
                                   .guest = true});
  const auto group = AnyGroup();
  if (!id.ok() || !group || !tenant_.AddMember(group->id, *id).ok()) {
    return std::nullopt;
  }
  return absl::StrCat("adds guest ", *id, " to group ", group->id);
}

RandomTimeline::Outcome RandomTimeline::ReuseUpn() {
  const std::string upn = Take(free_upns_);
  if (upn.empty()) return std::nullopt;
  const auto id = tenant_.AddUser(
      {.user_principal_name = upn, .display_name = "Another one"});
  if (!id.ok()) return std::nullopt;
  const auto group = AnyGroup();
  if (group) (void)tenant_.AddMember(group->id, *id).ok();
  return absl::StrCat("adds user ", *id, " with the old name ", upn);
}

RandomTimeline::Outcome RandomTimeline::RenameUser() {
  const auto user = AnyUser();
  if (!user) return std::nullopt;
  const std::string upn = absl::StrCat(NewShortName(), "@", Domain());
  if (!tenant_.RenameUser(user->id, upn).ok()) return std::nullopt;
  free_upns_.push_back(user->user_principal_name);
  return absl::StrCat("renames user ", user->id, " from ",
                      user->user_principal_name, " to ", upn);
}

RandomTimeline::Outcome RandomTimeline::SwapUpns() {
  const auto one = AnyUser();
  const auto other = AnyUser();
  if (!one || !other) return std::nullopt;
  return Told(
      tenant_.SwapUpns(one->id, other->id),
      absl::StrCat("swaps the names of users ", one->id, " and ", other->id));
}

RandomTimeline::Outcome RandomTimeline::ChangeName() {
  const auto user = AnyUser();
  if (!user) return std::nullopt;
  const std::string name = absl::StrCat("Name ", ++names_);
  return Told(tenant_.UpdateUser(user->id, {.display_name = name}),
              absl::StrCat("calls user ", user->id, " '", name, "'"));
}

RandomTimeline::Outcome RandomTimeline::SetMail() {
  const auto user = AnyUser();
  if (!user) return std::nullopt;
  const std::string mail = absl::StrCat("m", ++names_, "@mail.example");
  return Told(tenant_.UpdateUser(user->id, {.mail = mail}),
              absl::StrCat("sets the mail of user ", user->id, " to ", mail));
}

RandomTimeline::Outcome RandomTimeline::SetPhone() {
  const auto user = AnyUser();
  if (!user) return std::nullopt;
  const std::string phone =
      absl::StrCat("+44 7700 9", 10000 + prng_.Below(89999));
  const bool mobile = prng_.Chance(0.5);
  UserFields fields;
  (mobile ? fields.mobile_phone : fields.business_phone) = phone;
  return Told(tenant_.UpdateUser(user->id, fields),
              absl::StrCat("sets the ", mobile ? "mobile" : "business",
                           " phone of user ", user->id, " to ", phone));
}

RandomTimeline::Outcome RandomTimeline::ClearField() {
  const auto user = AnyUser();
  if (!user) return std::nullopt;
  constexpr std::pair<const char*, std::optional<std::string> UserFields::*>
      kFields[] = {{"mail", &UserFields::mail},
                   {"mobile phone", &UserFields::mobile_phone},
                   {"business phone", &UserFields::business_phone},
                   {"given name", &UserFields::given_name},
                   {"surname", &UserFields::surname},
                   {"job title", &UserFields::job_title}};
  const auto& [name, field] = kFields[prng_.Below(std::size(kFields))];
  UserFields fields;
  fields.*field = "";
  return Told(tenant_.UpdateUser(user->id, fields),
              absl::StrCat("clears the ", name, " of user ", user->id));
}

RandomTimeline::Outcome RandomTimeline::ToggleEnabled() {
  const auto user = AnyUser();
  if (!user) return std::nullopt;
  return Told(
      tenant_.UpdateUser(user->id, {.enabled = !user->enabled}),
      absl::StrCat(user->enabled ? "disables" : "enables", " user ", user->id));
}

RandomTimeline::Outcome RandomTimeline::ToggleGuest() {
  const auto user = AnyUser();
  if (!user) return std::nullopt;
  const bool guest = tenant_.Read([&user](const TenantState& state) {
    return state.user(*state.Find(*Guid::Parse(user->id))).guest;
  });
  return Told(
      tenant_.UpdateUser(user->id, {.guest = !guest}),
      absl::StrCat("makes user ", user->id, " a ", guest ? "member" : "guest"));
}

RandomTimeline::Outcome RandomTimeline::DeleteUser() {
  const auto user = AnyUser();
  if (!user || !tenant_.DeleteUser(user->id).ok()) return std::nullopt;
  deleted_users_.push_back(user->id);
  free_upns_.push_back(user->user_principal_name);
  return absl::StrCat("deletes user ", user->id, " ",
                      user->user_principal_name);
}

RandomTimeline::Outcome RandomTimeline::RestoreUser() {
  const std::string id = Take(deleted_users_);
  if (id.empty()) return std::nullopt;
  if (!tenant_.RestoreUser(id).ok()) {  // somebody has the name now
    deleted_users_.push_back(id);
    return std::nullopt;
  }
  return absl::StrCat("restores user ", id);
}

RandomTimeline::Outcome RandomTimeline::PurgeUser() {
  std::string id = Take(deleted_users_);
  if (id.empty()) return std::nullopt;
  return Told(tenant_.PurgeUser(id),
              absl::StrCat("deletes user ", id, " for good"));
}

// ---------------------------------------------------------------- groups

RandomTimeline::Outcome RandomTimeline::AddGroup() {
  const std::string name = absl::StrCat("Random ", ++names_);
  constexpr GroupType kTypes[] = {
      GroupType::kSecurity, GroupType::kMailSecurity, GroupType::kMicrosoft365};
  const auto id =
      tenant_.AddGroup(name, kTypes[prng_.Below(std::size(kTypes))]);
  if (!id.ok()) return std::nullopt;
  return absl::StrCat("adds group ", *id, " '", name, "'");
}

RandomTimeline::Outcome RandomTimeline::RenameGroup() {
  const auto group = AnyUnkeptGroup();
  if (!group) return std::nullopt;
  const std::string name = absl::StrCat("Renamed ", ++names_);
  return Told(tenant_.RenameGroup(group->id, name),
              absl::StrCat("calls group ", group->id, " '", name, "'"));
}

RandomTimeline::Outcome RandomTimeline::DeleteGroup() {
  const auto group = AnyUnkeptGroup();
  if (!group || !tenant_.DeleteGroup(group->id).ok()) return std::nullopt;
  deleted_groups_.push_back(group->id);
  return absl::StrCat("deletes group ", group->id);
}

RandomTimeline::Outcome RandomTimeline::RestoreGroup() {
  const std::string id = Take(deleted_groups_);
  if (id.empty()) return std::nullopt;
  return Told(tenant_.RestoreGroup(id), absl::StrCat("restores group ", id));
}

RandomTimeline::Outcome RandomTimeline::PurgeGroup() {
  const std::string id = Take(deleted_groups_);
  if (id.empty()) return std::nullopt;
  return Told(tenant_.PurgeGroup(id),
              absl::StrCat("deletes group ", id, " for good"));
}

RandomTimeline::Outcome RandomTimeline::HideMembership() {
  const auto group = AnyGroup();
  if (!group || !options_.hide_memberships) return std::nullopt;
  const bool hidden = tenant_.Read([&group](const TenantState& state) {
    return state.group(*state.Find(*Guid::Parse(group->id))).hidden_membership;
  });
  return Told(tenant_.SetHiddenMembership(group->id, !hidden),
              absl::StrCat(hidden ? "shows" : "hides", " the members of group ",
                           group->id));
}

// ---------------------------------------------------------------- members

RandomTimeline::Outcome RandomTimeline::AddMember() {
  const auto group = AnyGroup();
  const auto user = AnyUser();
  if (!group || !user) return std::nullopt;
  return Told(tenant_.AddMember(group->id, user->id),
              absl::StrCat("adds user ", user->id, " to group ", group->id));
}

RandomTimeline::Outcome RandomTimeline::RemoveMember() {
  const auto group = AnyGroup();
  if (!group) return std::nullopt;
  const auto member = MemberOf(
      group->id, [](ObjectRef ref) { return ref.kind() == ObjectKind::kUser; });
  if (!member) return std::nullopt;
  return Told(
      tenant_.RemoveMember(group->id, *member),
      absl::StrCat("removes user ", *member, " from group ", group->id));
}

RandomTimeline::Outcome RandomTimeline::AddRemoveAdd() {
  const auto group = AnyGroup();
  const auto user = AnyUser();
  if (!group || !user) return std::nullopt;
  // Ends as a member or not, half of the time each.
  const bool stays = prng_.Chance(0.5);
  if (!tenant_.AddMember(group->id, user->id).ok() ||
      !tenant_.RemoveMember(group->id, user->id).ok() ||
      (stays && !tenant_.AddMember(group->id, user->id).ok())) {
    return std::nullopt;
  }
  return absl::StrCat("adds and removes user ", user->id, " at group ",
                      group->id, stays ? ", and adds it again" : "");
}

RandomTimeline::Outcome RandomTimeline::Nest() {
  const auto outer = AnyGroup();
  const auto inner = AnyGroup();
  if (!outer || !inner || outer->id == inner->id) return std::nullopt;
  return Told(
      tenant_.AddMember(outer->id, inner->id),
      absl::StrCat("puts group ", inner->id, " into group ", outer->id));
}

RandomTimeline::Outcome RandomTimeline::Unnest() {
  const auto outer = AnyGroup();
  if (!outer) return std::nullopt;
  const auto inner = MemberOf(outer->id, [](ObjectRef member) {
    return member.kind() == ObjectKind::kGroup;
  });
  if (!inner) return std::nullopt;
  return Told(
      tenant_.RemoveMember(outer->id, *inner),
      absl::StrCat("takes group ", *inner, " out of group ", outer->id));
}

}  // namespace rollcall::entra
