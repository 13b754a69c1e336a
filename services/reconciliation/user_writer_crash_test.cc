// What people do to users, when the process dies at any commit, and when others
// write at the same time.
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/group_writer.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/user_view.h"
#include "services/reconciliation/user_writer.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::store::FaultyStore;
using ::rollcall::testing::StatusIs;
using ::testing::SizeIs;

constexpr char kActor[] = "spiffe://test.rollcall/account/acme/role/owner/ada";

// The writers of one process over the store of a world.
struct Writers {
  explicit Writers(World& in, IdentityStore& over, std::string id_prefix = "n")
      : world(in), store(over), prefix(std::move(id_prefix)) {}

  absl::StatusOr<v1::User> Create(const std::string& username,
                                  const std::string& request_id = "") {
    v1::CreateUserRequest request;
    request.set_parent("accounts/acme");
    request.mutable_user()->set_username(username);
    request.set_request_id(request_id);
    return users.Create(request, kActor);
  }
  absl::StatusOr<v1::User> Note(const std::string& name,
                                const std::string& note) {
    v1::UpdateUserRequest request;
    request.mutable_user()->set_name(name);
    request.mutable_user()->set_note(note);
    return users.Update(request, kActor);
  }

  World& world;
  IdentityStore& store;
  std::string prefix;
  int ids = 0;
  std::function<void()> before_commit;  // Called when an id is drawn.
  std::function<std::string()> make_id = [this] {
    if (before_commit != nullptr) std::exchange(before_commit, nullptr)();
    return prefix + std::to_string(++ids);
  };
  UserWriter users{{.store = store,
                    .directory = world.directory_service,
                    .clock = world.clock,
                    .make_id = make_id}};
  GroupWriter groups{store, world.clock, make_id};
};

// A group with more members than leave in one batch, a user, all sorts of
// writes: every one repeated until it is acknowledged.
absl::Status LiveThrough(Writers& writers) {
  const auto uuid = [](int n) {
    return "6b1f8a52-0c1d-4e53-9a57-2f7a0e7f3c" + std::to_string(10 + n);
  };
  ASSIGN_OR_RETURN(const v1::User ada, writers.Create("ada", uuid(1)));
  v1::CreateGroupRequest group;
  group.set_parent("accounts/acme");
  group.mutable_group()->set_display_name("Fresh");
  group.set_request_id(uuid(2));
  ASSIGN_OR_RETURN(const v1::Group fresh, writers.groups.Create(group, kActor));
  v1::AddGroupMemberRequest join;
  join.set_parent(fresh.name());
  join.set_user(ada.name());
  RETURN_IF_ERROR(writers.groups.AddMember(join, kActor).status());
  v1::SetUserStateRequest state;
  state.set_name(ada.name());
  state.set_state(v1::User::BYPASS);
  RETURN_IF_ERROR(writers.users.SetState(state, kActor).status());
  v1::DeleteGroupRequest delete_group;
  delete_group.set_name("accounts/acme/groups/crew");
  delete_group.set_force(true);
  delete_group.set_request_id(uuid(3));
  RETURN_IF_ERROR(writers.groups.Delete(delete_group, kActor).status());
  v1::DeleteUserRequest delete_user;
  delete_user.set_name("accounts/acme/users/m1");
  delete_user.set_request_id(uuid(4));
  return writers.users.Delete(delete_user, kActor).status();
}

std::string UsageOf(const World& world) {
  return world.store->Identities("acme").Usage()->ShortDebugString();
}

void Populate(World& world) {
  world.PutGroup({.id = "crew", .display_name = "Crew"});
  for (int n = 0; n < 201; ++n) {
    const std::string id = "m" + std::to_string(n);
    world.PutUser({.id = id, .username = id, .groups = {"crew"}});
  }
}

TEST(UserWriterCrash, B12_DyingAtAnyCommitAndAskingAgainEndsInTheSameState) {
  World calm;
  Populate(calm);
  const int before = calm.faulty->commit_count();
  {
    Writers writers(calm, *calm.store);
    ASSERT_OK(LiveThrough(writers));
  }
  const int commits = calm.faulty->commit_count() - before;
  ASSERT_EQ(commits, 7);  // The group goes in two batches.
  for (int n = 1; n <= commits; ++n) {
    for (const auto outcome :
         {FaultyStore::Outcome::kNotWritten, FaultyStore::Outcome::kWritten}) {
      SCOPED_TRACE(n);
      World world;
      Populate(world);
      world.faulty->FailCommit(n, outcome);
      {
        Writers writers(world, *world.store);
        EXPECT_THAT(LiveThrough(writers),
                    StatusIs(absl::StatusCode::kUnavailable, "STORE_FAILED"));
      }
      world.Restart();
      ASSERT_OK(CheckInvariants(*world.store, "acme"));
      Writers writers(world, *world.store, "later");
      ASSERT_OK(LiveThrough(writers));
      EXPECT_OK(CheckInvariants(*world.store, "acme"));
      // The events say what happened, once each; ids are drawn anew.
      EXPECT_EQ(world.EventTexts(), calm.EventTexts());
      EXPECT_EQ(UsageOf(world), UsageOf(calm));
      EXPECT_EQ(world.user("ada").status, UserStatus::kBypass);
      EXPECT_FALSE(world.FindGroup("Crew").has_value());
    }
  }
}

// Two stores over the same rows are two processes: no mutex between them.
TEST(UserWriterCrash, AWriteOfAnotherProcessIsSeenBeforeTheCommit) {
  World world;
  IdentityStore other_store(*world.rows);
  Writers here(world, *world.store);
  Writers there(world, other_store, "t");
  here.before_commit = [&] { EXPECT_OK(there.Create("ada")); };
  EXPECT_THAT(here.Create("ada"),
              StatusIs(absl::StatusCode::kAlreadyExists, "USERNAME_TAKEN"));
  here.before_commit = [&] { EXPECT_OK(there.Create("ben")); };
  EXPECT_OK(here.Create("cy"));  // Decided anew, over ben.
  EXPECT_THAT(*world.store->Identities("acme").ListUsers("", 10), SizeIs(3));
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
}

// A writer that others always overtake gives up, and has written nothing.
TEST(UserWriterCrash, AWriterThatIsAlwaysOvertakenGivesUpCleanly) {
  World world;
  IdentityStore other_store(*world.rows);
  Writers here(world, *world.store);
  Writers there(world, other_store, "t");
  int n = 0;
  std::function<void()> overtake = [&] {
    EXPECT_OK(there.Create("other" + std::to_string(++n)));
    here.before_commit = overtake;
  };
  here.before_commit = overtake;
  EXPECT_THAT(here.Create("ada"),
              StatusIs(absl::StatusCode::kAborted, "STORE_CONFLICT"));
  EXPECT_FALSE(world.FindUser("ada").has_value());
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
}

// Somebody edits all the while a run goes on.
TEST(UserWriterCrash, R97_EditsDuringARunAreNotLostAndDoNotHoldItUp) {
  World world;
  world.tenant().AddGroup(1, "Sales");
  for (int n = 0; n < 20; ++n) {
    world.tenant().AddUser(10 + n, "u" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  const std::string ada = "accounts/acme/users/" + world.user("u19@a.test").id;
  for (int n = 0; n < 20; ++n) {
    world.tenant().UserAt(10 + n).set_display_name("New");
  }
  constexpr int kEdits = 40;
  std::thread administrator([&] {
    Writers writers(world, *world.store);
    for (int n = 1; n <= kEdits; ++n) {
      EXPECT_OK(writers.Note(ada, "note " + std::to_string(n)));
    }
  });
  const v1::Run run = [&] {
    const RunName name = world.Start();
    EXPECT_OK(world.Carry(name));
    return world.Find(name);
  }();
  administrator.join();
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.counters().users_updated(), 20);
  EXPECT_EQ(world.user("u19@a.test").note, "note 40");
  EXPECT_EQ(world.user("u19@a.test").display_name, "New");
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
}

}  // namespace
}  // namespace rollcall::reconciliation
