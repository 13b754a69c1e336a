// Sentences of the rules that no other test proves, each under its number.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_desk.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/scheduler.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::testing::StatusIs;
using ::testing::Contains;
using ::testing::SizeIs;

const DirectoryName kD1(AccountName("acme"), "d1");

// Ada, in one group.
void Populate(World& world, const std::string& directory = "d1") {
  world.tenant(directory).AddGroup(1, "Sales");
  world.tenant(directory).AddUser(10, "ada@a.test", {1});
}

TEST(RuleSentences, R35_OnlyWithShortUsernamesAUsersOwnSyncIsRefused) {
  World world;
  Populate(world);
  world.Sync();
  const auto sync = [&](const SingleTarget& target) {
    world.directory_service.read_seconds += 100;
    return SingleSync(world.Options())
        .Sync(*world.directory_service.GetDirectory(kD1), target);
  };
  const SingleTarget own{
      .user = UserName(AccountName("acme"), world.user("ada@a.test").id)};
  EXPECT_OK(sync(own).status());
  world.tenant().normalization = true;
  EXPECT_THAT(sync(own), StatusIs(absl::StatusCode::kFailedPrecondition,
                                  "USERNAMES_NORMALIZED"));
  EXPECT_OK(sync({.user_principal_name = "ada@a.test"}).status());
  world.tenant().normalization = false;
  EXPECT_OK(sync(own).status());
}

TEST(RuleSentences, R39_AnImportedPhoneIsAGenericSmartphone) {
  World world;
  Populate(world);
  world.tenant().phone_import = true;
  world.tenant().UserAt(10).add_phones()->set_number("+15550100");
  world.tenant().UserAt(10).add_phones()->set_number("+15550101");
  world.Sync();
  const v1::User ada = ToMessage(world.user("ada@a.test"), "acme");
  ASSERT_THAT(ada.phones(), SizeIs(2));
  for (const v1::Phone& phone : ada.phones()) {
    EXPECT_EQ(phone.platform(), v1::Phone::GENERIC_SMARTPHONE);
  }
}

TEST(RuleSentences, R44_EachDirectorysSyncOverwritesTheUserInTurn) {
  World world;
  Populate(world, "d1");
  Populate(world, "d2");
  world.tenant("d1").UserAt(10).set_email("one@a.test");
  world.tenant("d2").UserAt(10).set_email("two@a.test");
  for (int i = 0; i < 2; ++i) {
    world.Sync("d1");
    EXPECT_EQ(world.user("ada@a.test").email, "one@a.test");
    world.Sync("d2");
    EXPECT_EQ(world.user("ada@a.test").email, "two@a.test");
  }
  EXPECT_THAT(*world.store->Identities("acme").ListUsers("", 10), SizeIs(1));
}

TEST(RuleSentences, R45_R46_TheGroupHasTheNameOfWhoeverSyncedLast) {
  World world;
  world.PutGroup({.id = "manual", .display_name = "SALES"});
  Populate(world, "d1");
  Populate(world, "d2");
  world.tenant("d2").GroupAt(1).set_display_name("sales");
  world.Sync("d1");
  EXPECT_EQ(world.group("sales").id, "manual");
  EXPECT_EQ(world.group("sales").display_name, "Sales");
  world.Sync("d2");
  EXPECT_EQ(world.group("sales").display_name, "sales");
  world.Sync("d1");
  EXPECT_EQ(world.group("sales").display_name, "Sales");
}

// Uniform over the day: of 200 each eighth gets its share.
TEST(RuleSentences, R69_TheTimeOfDayIsDrawnFromTheWholeDay) {
  World world;
  for (int n = 0; n < 200; ++n) Populate(world, absl::StrCat("d", n));
  RunDesk desk;
  Scheduler scheduler(world.Options(), desk, [] {});
  ASSERT_OK(scheduler.RunOnce(world.clock.TimeNow()));
  std::set<int> seconds;
  std::vector<int> eighths(8);
  for (int n = 0; n < 200; ++n) {
    const int second = world.store->Runs("acme")
                           .GetDirectory(absl::StrCat("d", n))
                           ->slot_second();
    seconds.insert(second);
    ASSERT_LT(second, 24 * 60 * 60);
    ++eighths[second / (3 * 60 * 60)];
  }
  EXPECT_GT(seconds.size(), 150u);
  // Fewer than 4 of 25 happens once in a million times.
  for (const int share : eighths) EXPECT_GE(share, 4);
}

TEST(RuleSentences, A13_TheMergeOfAUserWhoWasDisabledByHandIsRecorded) {
  for (const bool enabled : {true, false}) {
    SCOPED_TRACE(enabled);
    World world;
    Populate(world);
    world.PutUser({.id = "manual",
                   .username = "ada@a.test",
                   .status = UserStatus::kDisabled,
                   .disabled_by = DisabledBy::kAdministrator});
    world.tenant().UserAt(10).set_enabled(enabled);
    world.Sync();
    const User ada = world.user("ada@a.test");
    EXPECT_EQ(ada.status,
              enabled ? UserStatus::kActive : UserStatus::kDisabled);
    EXPECT_EQ(ada.disabled_by,
              enabled ? DisabledBy::kNobody : DisabledBy::kSource);
    EXPECT_THAT(world.EventTexts(), Contains("CREATED ada@a.test A13"));
  }
}

TEST(RuleSentences, B2_AnApprovalIsForOneBatch) {
  World world;
  world.tenant().AddGroup(1, "Sales");
  const auto name = [](int n) { return absl::StrCat("u", n, "@a.test"); };
  for (int n = 10; n < 40; ++n) world.tenant().AddUser(n, name(n), {1});
  world.Sync();
  for (int n = 10; n < 20; ++n) world.tenant().RemoveUser(n);
  for (int n = 20; n < 30; ++n) world.tenant().UserAt(n).set_enabled(false);
  world.Sync();
  const auto batches = [&] { return *ListBatches(*world.store, kD1, "", 9); };
  ASSERT_THAT(batches(), SizeIs(2));
  const v1::HeldBatch approved = batches()[0];
  const auto run = StartApproved(
      {.batch = *HeldBatchName::Parse(approved.name()),
       .approver = "spiffe://test/account/acme/role/owner/o",
       .scope = ScopeOf(*world.directory_service.GetDirectory(kD1))},
      "approved", world.clock.TimeNow(), *world.store);
  ASSERT_OK(run.status());
  ASSERT_OK(world.Carry(*RunName::Parse(run->name())));
  for (const v1::HeldBatch& batch : batches()) {
    EXPECT_EQ(batch.state(), batch.name() == approved.name()
                                 ? v1::HeldBatch::APPLIED
                                 : v1::HeldBatch::HELD);
  }
  // The next ones of the same kind are held again.
  world.directory_service.read_seconds += 100;
  for (int n = 30; n < 38; ++n) world.tenant().RemoveUser(n);
  for (int n = 30; n < 38; ++n)
    world.tenant().AddUser(n + 100, name(n + 100), {1});
  world.Sync();
  int held = 0;
  for (const v1::HeldBatch& batch : batches()) {
    held += batch.state() == v1::HeldBatch::HELD;
  }
  EXPECT_EQ(held, 2);
}

}  // namespace
}  // namespace rollcall::reconciliation
