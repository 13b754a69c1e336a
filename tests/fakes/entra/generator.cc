#include "tests/fakes/entra/generator.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tests/fakes/entra/names.h"
#include "tests/fakes/entra/person.h"
#include "tests/fakes/entra/prng.h"

namespace rollcall::entra {
namespace {

// Streams of Guid::FromSeed; users are 1, in person.cc.
constexpr uint64_t kGroupIds = 2;
constexpr uint64_t kOtherIds = 3;

constexpr int kDepartmentCount = std::size(kDepartments);
constexpr uint32_t kGroupsCreated = 1'420'070'400;  // 2015-01-01

// Below "Engineering", from the top; deeper levels are numbered.
constexpr absl::string_view kEngineeringLevels[] = {
    "Engineering Platform", "Engineering Storage",
    "Engineering Storage Tiering", "Engineering Storage Scrubbing"};
// Nested in the other departments, as far as there are groups enough.
constexpr std::pair<int, absl::string_view> kTeams[] = {
    {1, "Sales EMEA"},      {2, "Operations Night Shift"},
    {1, "Sales Americas"},  {4, "Support Tier 2"},
    {3, "Finance Payroll"}, {2, "Operations Facilities"},
    {4, "Support Tier 3"},  {0, "Engineering Tools"},
};

// Percent of the users whose first department this is.
constexpr int kDepartmentShare[kDepartmentCount] = {40, 20, 20, 10, 10};

class Generator {
 public:
  explicit Generator(const TenantOptions& options)
      : options_(options), prng_(Mix(options.seed)) {}

  TenantState Run() {
    state_.name = "Contoso Demo";
    state_.initial_domain = "contoso.onmicrosoft.com";
    state_.verified_domain = "contoso.example";
    state_.Reserve(options_.users, options_.groups);
    AddDepartments();
    AddOtherGroups();
    AddUsers();
    AddOthers();
    state_.StartHistory();
    return std::move(state_);
  }

 private:
  bool IsFull() const {
    return static_cast<int64_t>(state_.groups().size()) >= options_.groups;
  }

  ObjectRef AddGroup(absl::string_view name, GroupType type) {
    const size_t ordinal = state_.groups().size();
    Group group;
    group.id = Guid::FromSeed(options_.seed, kGroupIds, ordinal);
    group.display_name = std::string(name);
    group.mail_nickname = absl::StrCat("group", ordinal);
    group.type = type;
    group.created_seconds = kGroupsCreated + static_cast<uint32_t>(ordinal);
    return state_.Add(std::move(group));
  }

  // Also among the groups that the department's users are spread over.
  ObjectRef AddTeam(int department, ObjectRef parent, absl::string_view name) {
    const ObjectRef team = AddGroup(name, GroupType::kSecurity);
    if (parent) state_.AppendMember(parent, team);
    teams_[department].push_back(team);
    return team;
  }

  void AddDepartments() {
    for (int i = 0; i < kDepartmentCount && !IsFull(); ++i) {
      AddTeam(i, ObjectRef(), kDepartments[i]);
    }
    AddEngineeringLevels();
    for (const auto& [department, name] : kTeams) {
      if (IsFull() || teams_[department].empty()) return;
      AddTeam(department, teams_[department].front(), name);
    }
  }

  void AddEngineeringLevels() {
    if (teams_[0].empty()) return;
    ObjectRef parent = teams_[0].front();
    ObjectRef platform;
    int levels = 0;
    for (; levels < options_.depth && !IsFull(); ++levels) {
      const std::string name =
          levels < static_cast<int>(std::size(kEngineeringLevels))
              ? std::string(kEngineeringLevels[levels])
              : absl::StrCat("Engineering Level ", levels + 1);
      parent = AddTeam(0, parent, name);
      if (levels == 0) platform = parent;
    }
    if (options_.cycles && levels >= 2) state_.AppendMember(parent, platform);
  }

  void AddOtherGroups() {
    first_other_ = static_cast<uint32_t>(state_.groups().size());
    while (!IsFull()) {
      const uint64_t roll = prng_.Below(10);
      const GroupType type = roll < 2   ? GroupType::kMicrosoft365
                             : roll < 3 ? GroupType::kMailSecurity
                                        : GroupType::kSecurity;
      AddGroup(absl::StrCat(GroupKinds()[prng_.Below(GroupKinds().size())], " ",
                            GroupTopics()[prng_.Below(GroupTopics().size())],
                            " ", state_.groups().size()),
               type);
    }
    NestOtherGroups();
  }

  // Every fourth group is nested in an earlier one; with cycles, every
  // twelfth also contains a later one. A few belong to a department as well.
  void NestOtherGroups() {
    const auto count = static_cast<uint32_t>(state_.groups().size());
    for (uint32_t i = first_other_ + 1; i < count; ++i) {
      const ObjectRef child(ObjectKind::kGroup, i);
      const ObjectRef parent(
          ObjectKind::kGroup,
          first_other_ + static_cast<uint32_t>(prng_.Below(i - first_other_)));
      const uint64_t roll = prng_.Below(12);
      if (roll < 3) Nest(parent, child);
      if (roll == 0 && options_.cycles) Nest(child, parent);
      if (roll == 11 && prng_.Chance(0.3)) {
        Nest(teams_[prng_.Below(kDepartmentCount)].front(), child);
      }
    }
  }

  // Microsoft 365 groups cannot contain groups.
  void Nest(ObjectRef parent, ObjectRef child) {
    if (state_.group(parent).type == GroupType::kMicrosoft365) return;
    state_.AppendMember(parent, child);
  }

  void AddUsers() {
    const Domains domains{state_.initial_domain, state_.verified_domain};
    for (int64_t i = 0; i < options_.users; ++i) {
      const ObjectRef user =
          state_.Add(MakePerson(options_, domains, i, prng_));
      if (!state_.groups().empty()) PlaceInGroups(user);
    }
  }

  void PlaceInGroups(ObjectRef user) {
    std::vector<ObjectRef> groups = {PickTeam(PickDepartment())};
    if (prng_.Chance(options_.in_two_departments)) {
      groups.push_back(PickTeam(PickDepartment()));
    }
    if (prng_.Chance(options_.in_other_groups)) {
      for (uint64_t n = 1 + prng_.Below(2); n > 0; --n) {
        if (const ObjectRef other = PickOther()) groups.push_back(other);
      }
    }
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    for (ObjectRef group : groups) state_.AppendMember(group, user);
  }

  int PickDepartment() {
    int roll = static_cast<int>(prng_.Below(100));
    int department = 0;
    while (roll >= kDepartmentShare[department]) {
      roll -= kDepartmentShare[department++];
    }
    return teams_[department].empty() ? 0 : department;
  }

  ObjectRef PickTeam(int department) {
    return teams_[department][prng_.Below(teams_[department].size())];
  }

  // A group outside the departments; the earlier, the more popular.
  ObjectRef PickOther() {
    const uint64_t count = state_.groups().size() - first_other_;
    if (count == 0) return ObjectRef();
    const uint64_t index = prng_.Below(1 + prng_.Below(count));
    return ObjectRef(ObjectKind::kGroup,
                     first_other_ + static_cast<uint32_t>(index));
  }

  // Devices, contacts and service principals: members that are no people.
  void AddOthers() {
    const auto devices = static_cast<int64_t>(
        static_cast<double>(options_.users) * options_.others);
    AddOthersOf(ObjectKind::kDevice, "LAPTOP-", std::max<int64_t>(2, devices));
    AddOthersOf(ObjectKind::kContact, "Vendor Contact ",
                std::max<int64_t>(2, devices / 4));
    AddOthersOf(ObjectKind::kServicePrincipal, "App ",
                std::max<int64_t>(1, devices / 10));
  }

  void AddOthersOf(ObjectKind kind, absl::string_view name, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const ObjectRef other = state_.Add(
          kind, {.id = Guid::FromSeed(options_.seed,
                                      kOtherIds + static_cast<uint64_t>(kind),
                                      static_cast<uint64_t>(i)),
                 .display_name = absl::StrCat(name, i)});
      if (state_.groups().empty()) continue;
      state_.AppendMember(
          ObjectRef(ObjectKind::kGroup,
                    static_cast<uint32_t>(prng_.Below(state_.groups().size()))),
          other);
    }
  }

  const TenantOptions& options_;
  Prng prng_;
  TenantState state_;
  std::vector<ObjectRef> teams_[kDepartmentCount];  // the department first
  uint32_t first_other_ = 0;
};

}  // namespace

TenantState Generate(const TenantOptions& options) {
  return Generator(options).Run();
}

}  // namespace rollcall::entra
