#include "tests/system/model/timeline.h"

#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"

namespace rollcall::model {
namespace {

using entra::Prng;

constexpr const char* kNames[] = {"ada", "Ben", "cyd", "dee", "Eve", "fay"};
constexpr const char* kDomains[] = {"@a.test", "@A.test", "@b.test"};
constexpr const char* kGroupNames[] = {"Sales", "sales ", "Staff",
                                       "Crew",  "Board",  "Everybody"};
constexpr int kFirstUser = 100;

template <typename Map>
int AnyKey(Prng& prng, const Map& map) {
  auto entry = map.begin();
  std::advance(entry, prng.Below(map.size()));
  return entry->first;
}

// Nobody has it: a tenant does not have a name twice.
std::string FreeUpn(Prng& prng, const Tenant& tenant) {
  std::string upn = absl::StrCat(kNames[prng.Below(std::size(kNames))],
                                 kDomains[prng.Below(std::size(kDomains))]);
  while (true) {
    bool taken = false;
    for (const auto& [object, user] : tenant.users) {
      taken =
          taken || UsernameFrom(user.upn, false) == UsernameFrom(upn, false);
    }
    if (!taken) return upn;
    upn = absl::StrCat("x", upn);
  }
}

void AddUser(Prng& prng, Tenant& tenant) {
  const int object =
      tenant.users.empty() ? kFirstUser : tenant.users.rbegin()->first + 1;
  TenantUser user;
  user.upn = FreeUpn(prng, tenant);
  user.display_name = absl::StrCat("Name ", prng.Below(3));
  if (prng.Chance(0.8))
    user.email = absl::StrCat("m", prng.Below(9), "@m.test");
  user.enabled = prng.Chance(0.9);
  if (prng.Chance(0.4)) {
    user.has_phone_data = true;
    user.phones = {AnyPhone(prng)};
  }
  tenant.users[object] = user;
  tenant.groups.at(AnyKey(prng, tenant.groups)).users.insert(object);
}

// Half of them hold nothing, so that more is done.
GuardLimit AnyLimit(Prng& prng) {
  if (prng.Chance(0.5)) return {.percent = 100, .count = 1000};
  return {.percent = prng.Chance(0.5) ? 0 : 30,
          .count = static_cast<int>(prng.Below(3))};
}

}  // namespace

std::string AnyUsername(Prng& prng) {
  std::string name = kNames[prng.Below(std::size(kNames))];
  if (prng.Chance(0.7)) name += kDomains[prng.Below(std::size(kDomains))];
  return name;
}

std::string AnyGroupName(Prng& prng) {
  return kGroupNames[prng.Below(std::size(kGroupNames))];
}

std::string AnyPhone(Prng& prng) {
  return absl::StrCat("+4401617150", 100 + prng.Below(4));
}

std::map<std::string, Tenant> FirstTenants(uint64_t seed) {
  Prng prng(seed ^ 0x7e4a47);
  std::map<std::string, Tenant> tenants;
  for (const char* directory : {"d1", "d2"}) {
    Tenant& tenant = tenants[directory];
    for (int group = 1; group <= 4; ++group) {
      tenant.groups[group].display_name = AnyGroupName(prng);
      tenant.groups[group].selected = group == 1 || prng.Chance(0.5);
    }
    for (uint64_t left = 2 + prng.Below(5); left > 0; --left) {
      AddUser(prng, tenant);
    }
    tenant.normalization = prng.Chance(0.3);
    tenant.phone_import = prng.Chance(0.4);
    tenant.follow_renames = prng.Chance(0.4);
    tenant.limit = AnyLimit(prng);
  }
  return tenants;
}

std::string ChangeTenant(Prng& prng, Tenant& tenant) {
  if (tenant.users.empty() || prng.Chance(0.15)) {
    AddUser(prng, tenant);
    return "a new user";
  }
  const int object = AnyKey(prng, tenant.users);
  const int group_object = AnyKey(prng, tenant.groups);
  TenantUser& user = tenant.users.at(object);
  TenantGroup& group = tenant.groups.at(group_object);
  const auto about = [&](const char* what) {
    return absl::StrCat(object, " (", user.upn, ") ", what);
  };
  switch (prng.Below(11)) {
    case 0: {
      const std::string text = about("is deleted");
      tenant.users.erase(object);
      for (auto& [each, other] : tenant.groups) other.users.erase(object);
      return text;
    }
    case 1:
      user.enabled = !user.enabled;
      return about(user.enabled ? "is enabled" : "is disabled");
    case 2: {
      const std::string text = about("is renamed to ");
      user.upn = FreeUpn(prng, tenant);
      return text + user.upn;
    }
    case 3: {
      TenantUser& other = tenant.users.at(AnyKey(prng, tenant.users));
      std::swap(user.upn, other.upn);
      return about("has swapped names with another");
    }
    case 4:
      user.email =
          prng.Chance(0.3) ? "" : absl::StrCat("m", prng.Below(9), "@m.test");
      return about(absl::StrCat("has the email '", user.email, "'").c_str());
    case 5:
      user.display_name = absl::StrCat("Name ", prng.Below(3));
      return about("has another name");
    case 6:
      user.phones.clear();
      for (uint64_t left = prng.Below(3); left > 0; --left) {
        const std::string number = AnyPhone(prng);
        if (user.phones.empty() || user.phones[0] != number) {
          user.phones.push_back(number);
        }
      }
      user.has_phone_data = !user.phones.empty() || prng.Chance(0.2);
      return about("has other phones");
    case 7:
      group.display_name = AnyGroupName(prng);
      return absl::StrCat("group ", group_object, " is called ",
                          group.display_name);
    case 8: {
      const int inner = AnyKey(prng, tenant.groups);
      const bool leaves = group.groups.erase(inner) > 0;
      if (!leaves) group.groups.insert(inner);
      return absl::StrCat("group ", inner, leaves ? " leaves " : " joins ",
                          "group ", group_object);
    }
    default: {
      const bool leaves = group.users.erase(object) > 0;
      if (!leaves) group.users.insert(object);
      return absl::StrCat(about(leaves ? "leaves " : "joins "), "group ",
                          group_object);
    }
  }
}

std::string ChangeConfiguration(Prng& prng, Tenant& tenant) {
  const int object = AnyKey(prng, tenant.groups);
  TenantGroup& group = tenant.groups.at(object);
  switch (prng.Below(8)) {
    case 0:
      tenant.normalization = !tenant.normalization;
      return absl::StrCat("normalization ", tenant.normalization);
    case 1:
      tenant.phone_import = !tenant.phone_import;
      return absl::StrCat("phone import ", tenant.phone_import);
    case 2:
      tenant.readings_complete = !tenant.readings_complete;
      return absl::StrCat("readings complete ", tenant.readings_complete);
    case 3:
      if (group.selected) group.missing = !group.missing;
      return absl::StrCat("group ", object, " missing ", group.missing);
    case 4:
      tenant.follow_renames = !tenant.follow_renames;
      return absl::StrCat("renames are followed ", tenant.follow_renames);
    case 5:
      tenant.limit = AnyLimit(prng);
      return absl::StrCat("limit ", tenant.limit.percent, "% and ",
                          tenant.limit.count);
    default: {
      int selected = 0;
      for (const auto& [each, other] : tenant.groups)
        selected += other.selected;
      // Without any group a sync is refused (A10).
      if (!group.selected || selected > 1) group.selected = !group.selected;
      if (!group.selected) group.missing = false;
      return absl::StrCat("group ", object, " selected ", group.selected);
    }
  }
}

std::string Step::ToString() const {
  constexpr const char* kKinds[] = {"tenant",   "configuration", "full sync",
                                    "one user", "user edit",     "group edit",
                                    "time",     "changes",       "approval",
                                    "plan",     "desk",          "undo"};
  return absl::StrCat(kKinds[static_cast<int>(kind)], crashes ? " + crash" : "",
                      " (", number, ")");
}

std::vector<Step> StepsOf(uint64_t seed) {
  using Kind = Step::Kind;
  constexpr Kind kDeck[] = {
      Kind::kTenant,  Kind::kTenant,    Kind::kTenant,  Kind::kTenant,
      Kind::kTenant,  Kind::kConfigure, Kind::kFull,    Kind::kFull,
      Kind::kFull,    Kind::kFull,      Kind::kSingle,  Kind::kSingle,
      Kind::kUser,    Kind::kUser,      Kind::kUser,    Kind::kGroup,
      Kind::kTime,    Kind::kConfigure, Kind::kChanges, Kind::kChanges,
      Kind::kChanges, Kind::kApprove,   Kind::kPlan,    Kind::kDesk,
      Kind::kDesk,    Kind::kUndo,      Kind::kUndo};
  Prng prng(seed ^ 0x5eed);
  std::vector<Step> steps;
  for (uint64_t left = 12 + prng.Below(20); left > 0; --left) {
    const Kind kind = kDeck[prng.Below(std::size(kDeck))];
    steps.push_back({kind, prng.Next(), prng.Chance(0.3)});
  }
  return steps;
}

}  // namespace rollcall::model
