// Users whose username does not tell what the source calls them are found by
// the source's name all the same (R77).
#include <string>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/desk_requests.h"
#include "services/reconciliation/directory_releaser.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/principal_names.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Response = v1::SyncUserResponse;

constexpr char kDirectory[] = "accounts/acme/directories/d1";

// Ada is given the username `given`, ben has his own.
void Populate(World& world) {
  world.tenant().AddGroup(1, "Sales");
  world.tenant().AddUser(10, "Ada@a.test", {1});
  world.tenant().AddUser(11, "ben@a.test", {1});
  v1::DecideCollisionsRequest request;
  v1::CollisionDecision& decision = *request.add_decisions();
  decision.set_source_id(SourceId(10));
  decision.set_username("given");
  decision.set_choice(v1::CollisionDecision::RENAME);
  ASSERT_OK(DecideCollisions(request, *DirectoryName::Parse(kDirectory),
                             "owner", world.clock.TimeNow(), *world.store)
                .status());
  world.Sync();
  ASSERT_TRUE(world.FindUser("given").has_value());
  world.directory_service.read_seconds += 100;
}

// Deletes ada at the source and syncs her by `name`.
void ExpectRemoved(World& world, const std::string& name,
                   const std::string& username) {
  world.tenant().RemoveUser(10);
  ASSERT_OK_AND_ASSIGN(const Response response, world.SyncUser(name));
  EXPECT_EQ(response.outcome(), Response::REMOVED);
  EXPECT_TRUE(world.user(username).pending_deletion());
}

TEST(PrincipalName, R77_B10_WhoWasGivenANameByTheDeskIsFoundByHisOwn) {
  World world;
  Populate(world);
  ExpectRemoved(world, "ADA@a.test", "given");
}

TEST(PrincipalName, R77_A3_WhoWasRenamedIsFoundByEitherName) {
  for (const char* name : {"eve@a.test", "ada@a.test"}) {
    for (const bool is_given : {false, true}) {
      World world;
      Populate(world);
      const int n = is_given ? 10 : 11;
      world.tenant().UserAt(n).set_user_principal_name("eve@a.test");
      world.Sync();
      world.directory_service.read_seconds += 100;
      if (!is_given) {
        world.tenant().RemoveUser(11);
        const std::string asked =
            std::string(name) == "ada@a.test" ? "ben@a.test" : name;
        ASSERT_OK_AND_ASSIGN(const Response response, world.SyncUser(asked));
        EXPECT_EQ(response.outcome(), Response::REMOVED) << asked;
        continue;
      }
      ExpectRemoved(world, name, "given");
    }
  }
}

TEST(PrincipalName, R77_OfTwoWithOneNameTheOneWhoIsNotInTheTrashIsMeant) {
  World world;
  Populate(world);
  // Another object gets the name of ben, who is gone.
  world.tenant().RemoveUser(11);
  world.Sync();
  world.tenant().UserAt(10).set_user_principal_name("ben@a.test");
  world.Sync();
  world.directory_service.read_seconds += 100;
  ASSERT_TRUE(world.user("ben@a.test").pending_deletion());
  ExpectRemoved(world, "ben@a.test", "given");
}

// The index is in step with the rows after whatever happens to them: World
// checks the invariants after each.
TEST(PrincipalName, R77_B5_B10_TheIndexFollowsUndoReleaseAndPurge) {
  World world;
  Populate(world);
  EXPECT_THAT(PrincipalNameKeys(world.user("given")), SizeIs(1));
  EXPECT_THAT(PrincipalNameKeys(world.user("ben@a.test")), IsEmpty());
  world.tenant().UserAt(10).set_user_principal_name("eve@a.test");
  const v1::Run renamed = world.Sync();
  EXPECT_THAT(PrincipalNameKeys(world.user("given")), SizeIs(2));
  world.Revert(renamed);
  EXPECT_THAT(PrincipalNameKeys(world.user("given")), SizeIs(1));
  world.Apply(world.Plan());

  {
    ASSERT_OK_AND_ASSIGN(auto transaction, world.store->Begin("acme"));
    ASSERT_OK(transaction->DeleteUser(world.user("given")));
    ASSERT_OK(transaction->Commit());
  }
  world.Sync();  // She comes again, as somebody new (R64).
  EXPECT_THAT(PrincipalNameKeys(world.user("given")), SizeIs(1));

  world.tenant().state = directory::v1::Directory::DELETED;
  world.tenant().user_disposition = directory::v1::KEEP_USERS;
  DirectoryReleaser releaser(
      {.store = *world.store, .directory = world.directory_service});
  ASSERT_OK(releaser.RunOnce(world.clock.TimeNow()).status());
  EXPECT_THAT(world.user("given").claims, IsEmpty());
  EXPECT_THAT(PrincipalNameKeys(world.user("given")), IsEmpty());
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
}

}  // namespace
}  // namespace rollcall::reconciliation
