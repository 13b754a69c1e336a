#include "tests/system/run_crash/script.h"

#include "absl/strings/str_cat.h"

namespace rollcall::reconciliation {
namespace {

using Sync = Step::Sync;

constexpr int kUsers = 40;

std::string Upn(int n) { return absl::StrCat("user", n, "@a.test"); }

void AddUsers(FakeTenant& tenant, int from, int to) {
  for (int n = from; n < to; ++n) {
    tenant.AddUser(100 + n, Upn(n),
                   n % 3 == 0 ? std::vector<int>{1, 2} : std::vector<int>{1});
  }
}

}  // namespace

std::vector<Step> Script() {
  const auto nothing = [](FakeTenant&) {};
  return {
      {Sync::kFull,
       [](FakeTenant& tenant) {
         tenant.AddGroup(1, "Sales");
         tenant.AddGroup(2, "Support");
         tenant.AddGroup(3, "Late");
         AddUsers(tenant, 0, kUsers);
         tenant.UserAt(103).set_enabled(false);
       }},
      {Sync::kChanges,
       [](FakeTenant& tenant) {
         for (int n = 0; n < 8; ++n) {
           tenant.UserAt(100 + n).set_display_name(absl::StrCat("New ", n));
         }
         AddUsers(tenant, kUsers, kUsers + 3);
         tenant.RemoveUser(110);  // Trashed.
         tenant.UserAt(111).set_enabled(false);
         tenant.UserAt(103).set_enabled(true);
       }},
      {Sync::kSingle, [](FakeTenant& tenant) { AddUsers(tenant, 50, 51); },
       Upn(50)},
      {Sync::kSingle, [](FakeTenant& tenant) { tenant.MoveOutside(112); },
       Upn(12)},
      // Too many to lose: the guard holds them.
      {Sync::kFull,
       [](FakeTenant& tenant) {
         for (int n = 20; n < 30; ++n) tenant.RemoveUser(100 + n);
         tenant.UserAt(101).set_email("");
       }},
      {Sync::kApproval, nothing},
      // Everybody is renamed, a group is let go, somebody comes back.
      {Sync::kFull,
       [](FakeTenant& tenant) {
         tenant.normalization = true;
         tenant.Unselect(2);
         AddUsers(tenant, 20, 22);
         for (auto& [id, user] : tenant.users) user.clear_group_source_ids();
         for (auto& [id, user] : tenant.users) {
           user.add_group_source_ids(SourceId(1));
         }
       }},
      {Sync::kSingle,
       [](FakeTenant& tenant) {
         tenant.AddUser(110, Upn(10), {1, 3});  // Restored.
       },
       Upn(10)},
      {Sync::kFull,
       [](FakeTenant& tenant) {
         for (int n = 30; n < 40; ++n) {
           tenant.UserAt(100 + n).set_enabled(false);  // Held.
         }
       }},
      // The source recovers: what is held dissolves.
      {Sync::kChanges,
       [](FakeTenant& tenant) {
         for (int n = 30; n < 40; ++n) {
           tenant.UserAt(100 + n).set_enabled(true);
         }
         for (int n = 0; n < 4; ++n) tenant.RemoveUser(100 + n);
       }},
      {Sync::kFull, nothing},
      // One gets another name, another stays out.
      {Sync::kDecision, nothing},
      {Sync::kFull,
       [](FakeTenant& tenant) {
         AddUsers(tenant, 60, 80);
         tenant.UserAt(115).set_display_name("Newer");
       }},
      {Sync::kPlan,
       [](FakeTenant& tenant) {
         AddUsers(tenant, 80, 86);
         tenant.RemoveUser(113);
         for (int n = 14; n < 19; ++n) {
           tenant.UserAt(100 + n).set_display_name(absl::StrCat("Last ", n));
         }
       }},
      // Whom the plan has changed since stays; the others go, and are pinned.
      {.sync = Sync::kUndo, .change = nothing, .undone = 12},
      {Sync::kCancel,
       [](FakeTenant& tenant) {
         AddUsers(tenant, 86, 89);
         tenant.UserAt(116).set_enabled(false);
       }},
      {Sync::kFull, nothing},
  };
}

}  // namespace rollcall::reconciliation
