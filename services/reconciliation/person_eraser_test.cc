// Who was purged is forgotten (invariant 12).
#include "services/reconciliation/person_eraser.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "common/rpc/access_policy.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/feed_expiry.h"
#include "services/reconciliation/feed_reader.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/plan_sweeper.h"
#include "services/reconciliation/user_explainer.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/user_writer.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kRequest[] = "6b1f8a52-0c1d-4e53-9a57-2f7a0e7f3c11";

// Whatever tells of Ada has a canary in it.
bool Tells(const std::string& text) {
  return absl::StrContains(absl::AsciiStrToLower(text), "canary");
}

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.UserService"});
  EXPECT_OK(policy.status());
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

class PersonEraserTest : public ::testing::Test {
 protected:
  PersonEraserTest() {
    world.tenant().AddGroup(1, "Sales");
    directory::v1::DesiredUser& ada =
        world.tenant().AddUser(10, "canary@a.test", {1});
    ada.set_display_name("Ada Canary");
    ada.set_email("canary@mail.test");
    world.tenant().AddUser(11, "ben@a.test", {1}).set_email("ben@mail.test");
  }

  // Once; what a process does that dies then.
  Pace Erase() {
    const auto pace = PersonEraser(*world.store).RunOnce(world.clock.TimeNow());
    EXPECT_OK(pace.status());
    EXPECT_OK(CheckInvariants(*world.store, "acme"));
    return pace.value_or(Pace::kRest);
  }
  void EraseAll() {
    while (Erase() == Pace::kAgain) {
    }
  }

  void Annotate(const std::string& name, const std::string& note,
                const std::string& request_id = "") {
    v1::UpdateUserRequest request;
    request.set_request_id(request_id);
    request.mutable_user()->set_name(name);
    request.mutable_user()->set_note(note);
    ASSERT_OK(writer.Update(request, "somebody").status());
  }
  // Everything a user can leave behind.
  std::string LetLive() {
    world.Sync();
    const std::string name =
        "accounts/acme/users/" + world.user("canary@a.test").id;
    Annotate(name, "a canary's note", kRequest);
    v1::AddDeviceRequest device;
    device.set_parent(name);
    device.mutable_device()->set_device_id("canary-1");
    EXPECT_OK(writer.AddDevice(device, "somebody").status());
    world.tenant().UserAt(10).set_display_name("Canary Ada");
    const v1::Run renamed = world.Sync();
    world.Revert(renamed);
    world.Apply(world.Plan());  // Lets go of the pin.
    return name;
  }
  void Purge(const std::string& name) {
    world.tenant().RemoveUser(10);
    world.Sync();
    v1::PurgeUserRequest purge;
    purge.set_name(name);
    purge.set_deletion_epoch(1);
    purge.set_actor("somebody");
    ASSERT_OK_AND_ASSIGN(const v1::PurgeUserResponse purged,
                         users.PurgeUser(purge));
    ASSERT_TRUE(purged.purged());
  }
  // The keys of all rows, of plans too, that tell of her.
  std::vector<std::string> Canaries() const {
    std::vector<std::string> keys;
    const auto partitions = world.rows->ListPartitions("", 100);
    EXPECT_OK(partitions.status());
    for (const std::string& partition : *partitions) {
      const auto cursor =
          world.rows->Scan(partition, rollcall::store::KeyRange::Prefix(""));
      while (true) {
        const auto row = cursor->Next();
        EXPECT_OK(row.status());
        if (!row.ok() || !row->has_value()) break;
        if (Tells((*row)->key + (*row)->value)) {
          keys.push_back(partition + " " + absl::CEscape((*row)->key));
        }
      }
    }
    return keys;
  }

  World world;
  UserWriter writer{{.store = *world.store,
                     .directory = world.directory_service,
                     .clock = world.clock,
                     .make_id = [] { return "unused"; }}};
  UserServiceImpl users{{.store = *world.store,
                         .directory = world.directory_service,
                         .clock = world.clock,
                         .make_id = [] { return "unused"; }},
                        MakeEdge()};
};

TEST_F(PersonEraserTest, Invariant12_NothingIsLeftOfWhoWasPurged) {
  const std::string name = LetLive();
  Purge(name);
  for (const char* table : {"acme changes", "acme before", "acme requests"}) {
    ASSERT_THAT(Canaries(), Contains(StartsWith(table)));
  }
  EraseAll();
  EXPECT_THAT(Canaries(), Each(AnyOf(StartsWith("acme requests"),
                                     StartsWith("plan:acme:"))));
  // What was answered is known for a day, a plan for seven.
  world.clock.AdvanceTime(absl::Hours(24) + absl::Seconds(1));
  EraseAll();
  EXPECT_THAT(Canaries(), Each(StartsWith("plan:acme:")));
  world.clock.AdvanceTime(absl::Hours(24 * 6 + 1));
  ASSERT_OK(SweepPlans(world.Options(), world.clock.TimeNow()));
  EXPECT_THAT(Canaries(), IsEmpty());
}

// A reader of the old events finds all of them, in order, and whom they are
// about; others are as they were.
TEST_F(PersonEraserTest, Invariant12_ErasedEventsStayInTheirPlace) {
  const std::string name = LetLive();
  Purge(name);
  const std::vector<v1::ChangeEvent> before = world.Events();
  EraseAll();
  const std::vector<v1::ChangeEvent> after = world.Events();
  ASSERT_THAT(after, SizeIs(before.size()));
  int erased = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    v1::ChangeEvent expected = before[i];
    v1::User& user = *expected.mutable_user_change()->mutable_user();
    if (before[i].has_user_change() && user.name() == name) {
      user = Erased(user);
      EXPECT_THAT(user.groups(), SizeIs(before[i].user_change().kind() ==
                                                v1::UserChange::REMOVED
                                            ? 0
                                            : 1));
      ++erased;
    } else {
      expected = before[i];
    }
    EXPECT_EQ(after[i].DebugString(), expected.DebugString());
    EXPECT_EQ(CheckOf(after[i]), CheckOf(before[i]));
  }
  EXPECT_EQ(erased, 7);
}

TEST_F(PersonEraserTest, Invariant12_TheHistoryTellsThatButNotWho) {
  const std::string name = LetLive();
  Purge(name);
  EraseAll();
  v1::ExplainUserRequest request;
  request.set_name(name);
  ASSERT_OK_AND_ASSIGN(const v1::ExplainUserResponse answer,
                       UserExplainer({.store = *world.store,
                                      .directory = world.directory_service,
                                      .clock = world.clock})
                           .Explain(request));
  ASSERT_THAT(answer.history(), SizeIs(8));
  EXPECT_EQ(answer.history(0).kind(), v1::HistoryEntry::PURGED);
  EXPECT_EQ(answer.history(7).kind(), v1::HistoryEntry::CREATED);
  EXPECT_FALSE(Tells(answer.ShortDebugString()));
}

// In batches, each of which is whole: it may die after any of them.
TEST_F(PersonEraserTest, Invariant12_ALongPastIsForgottenInSteps) {
  world.Sync();
  const std::string name =
      "accounts/acme/users/" + world.user("canary@a.test").id;
  for (int n = 0; n < 2 * PersonEraser::kRowsPerBatch; ++n) {
    Annotate(name, "canary " + std::to_string(n));
  }
  Purge(name);
  EXPECT_EQ(Erase(), Pace::kAgain);
  const size_t left = Canaries().size();
  EXPECT_GT(left, 0u);
  world.Restart();
  EXPECT_EQ(Erase(), Pace::kAgain);
  EXPECT_LT(Canaries().size(), left);
  EXPECT_EQ(Erase(), Pace::kRest);
  EXPECT_THAT(Canaries(), IsEmpty());
  EXPECT_THAT(world.Dump(), Not(Contains(HasSubstr("erasures"))));
}

// The events have gone before: there is nothing to forget, and nobody minds.
TEST_F(PersonEraserTest, Invariant12_WhatIsTooOldToBeKeptIsNoneOfItsConcern) {
  const std::string name = LetLive();
  Purge(name);
  world.clock.AdvanceTime(absl::Hours(24 * 31));
  FeedExpiry expiry(*world.store, absl::Hours(24 * 30));
  ASSERT_OK(expiry.RunOnce(world.clock.TimeNow()).status());
  EraseAll();
  EXPECT_THAT(world.Dump(), Not(Contains(HasSubstr("erasures"))));
}

}  // namespace
}  // namespace rollcall::reconciliation
