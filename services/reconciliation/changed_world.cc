#include "services/reconciliation/changed_world.h"

#include "absl/time/time.h"

namespace rollcall::reconciliation {

User Manual(const std::string& id, const std::string& username) {
  User user;
  user.id = id;
  user.username = username;
  user.create_time = user.update_time = absl::FromUnixSeconds(1);
  return user;
}

std::unique_ptr<World> ChangedWorld() {
  auto world = std::make_unique<World>();
  FakeTenant& tenant = world->tenant();
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Old");
  for (int n = 10; n < 20; ++n) {
    tenant.AddUser(n, "user" + std::to_string(n) + "@a.test", {1, 2});
  }
  tenant.UserAt(12).set_enabled(false);
  world->Sync();
  tenant.RemoveUser(19);
  world->Sync();

  Group manual;
  manual.id = "manualgroup";
  manual.display_name = "Taken";
  world->PutGroup(manual);
  User stranger = Manual("stranger", "stranger");
  stranger.groups = {"manualgroup"};
  world->PutUser(stranger);
  world->PutUser(Manual("merged", "new21"));

  tenant.normalization = true;                         // Renames.
  tenant.Unselect(2);                                  // Releases.
  tenant.AddGroup(3, "Taken");                         // Takes over.
  tenant.AddUser(19, "user19@a.test", {1});            // Restores.
  tenant.AddUser(20, "new20@a.test", {1, 3});          // Creates.
  tenant.AddUser(21, "new21@a.test", {3});             // Merges.
  tenant.UserAt(12).set_enabled(true);                 // Enables.
  tenant.UserAt(13).set_enabled(false);                // Disables.
  tenant.UserAt(14).set_email("");                     // Clears.
  for (int n = 15; n < 18; ++n) tenant.RemoveUser(n);  // Trashes.
  tenant.AddUser(22, "user10@b.test", {1});            // Collides.
  return world;
}

}  // namespace rollcall::reconciliation
