// Who gets a link, and after which run.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/store/faulty_store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/enrollment/fake_reconciliation.h"
#include "services/enrollment/store.pb.h"
#include "services/enrollment/worker.h"
#include "services/enrollment/worker_fixture.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::reconciliation::v1::Run;
using ::rollcall::store::FaultyStore;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(EnrollmentWorkerTest, R70_NothingIsMailedBeforeTheRunEnds) {
  reconciliation_.Create("ada");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), IsEmpty());
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("ada@example.com"));
  EXPECT_EQ(*store_.LastReleasedRun(acme_),
            "accounts/acme/directories/d1/runs/r1");
}

TEST_F(EnrollmentWorkerTest, R72_R80_ASyncOfOneUserReleasesHisMailOnly) {
  reconciliation_.Create("ada");
  const User ben = FakeReconciliation::MakeUser("ben");
  reconciliation_.Create(ben);
  reconciliation_.FinishRun("single", {.user = ben.name()});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("ben@example.com"));
  reconciliation_.FinishRun("full");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("ben@example.com", "ada@example.com"));
}

TEST_F(EnrollmentWorkerTest, R82_OnlyThoseWhoNeedALinkGetOne) {
  reconciliation_.Create("ada");
  User user = FakeReconciliation::MakeUser("disabled");
  user.set_state(User::DISABLED);
  reconciliation_.Create(user);
  user = FakeReconciliation::MakeUser("mailless");
  user.clear_email();
  reconciliation_.Create(user);
  user = FakeReconciliation::MakeUser("equipped");
  user.set_device_count(1);
  reconciliation_.Create(user);
  user = FakeReconciliation::MakeUser("elsewhere");
  user.mutable_managed_by(0)->set_directory("accounts/acme/directories/d2");
  reconciliation_.Create(user);
  user = FakeReconciliation::MakeUser("phoned");
  user.set_source_has_phone_data(true);
  reconciliation_.Create(user);
  reconciliation_.FinishRun("r1", {.phones = true});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("ada@example.com"));
  // R41: without the import of phones, phone data keeps nobody from a link.
  reconciliation_.FinishRun("r2");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(),
              ElementsAre("ada@example.com", "phoned@example.com"));
}

TEST_F(EnrollmentWorkerTest, R94_TheNextRunMailsNobodyAgain) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  clock_.AdvanceTime(29 * kDay);
  reconciliation_.Create("bob");
  reconciliation_.FinishRun("r2");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("ada@example.com", "bob@example.com"));
}

TEST_F(EnrollmentWorkerTest, R86_AnExpiredLinkIsFollowedByANewOneAtTheNextRun) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  clock_.AdvanceTime(33 * kDay);
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), SizeIs(1));  // Nothing without a run.
  reconciliation_.FinishRun("r2");
  ASSERT_OK(RunAll());
  ASSERT_THAT(outbox_.mails(), SizeIs(2));
  EXPECT_EQ(StateOf("ada.2.initial"), State::SENT);
  EXPECT_NE(TokenIn(outbox_.mails()[0].message),
            TokenIn(outbox_.mails()[1].message));
}

TEST_F(EnrollmentWorkerTest, A15_MailSwitchedOnLaterReachesEarlierUsers) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1", {.mail = false});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), IsEmpty());
  // Whoever waits for the run's mails sees that it has passed.
  EXPECT_THAT(*store_.LastReleasedRun(acme_), HasSubstr("/runs/r1"));
  reconciliation_.FinishRun("r2");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("ada@example.com"));
}

TEST_F(EnrollmentWorkerTest, A16_MailSwitchedOffStopsMailsAndNotLinks) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  reconciliation_.Create("bob");
  reconciliation_.FinishRun("r2");
  ASSERT_OK(Follow());
  ASSERT_OK(Release());
  reconciliation_.FinishRun("r3", {.mail = false});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("ada@example.com"));
  EXPECT_EQ(ReasonOf("bob.1.initial"), "MAIL_OFF");
  EXPECT_EQ(Enrollment("ada").end(), store::Enrollment::END_UNSPECIFIED);
}

TEST_F(EnrollmentWorkerTest, R70_AFailedRunReleasesNothing) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1", {.state = Run::FAILED});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), IsEmpty());
  reconciliation_.FinishRun("r2", {.state = Run::PARTIAL});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), SizeIs(1));
}

// Not even by the runs that follow: only a plan brings what was undone back.
TEST_F(EnrollmentWorkerTest, B5_AnUndoneRunReleasesNothingBeforeTheNextPlan) {
  reconciliation_.Create("ada");
  reconciliation_.Create("bob");
  reconciliation_.Update(
      "ada", [](User* u) { u->set_pinned_by("accounts/acme/directories/d1"); });
  reconciliation_.FinishRun("r1", {.kind = Run::REVERT});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), IsEmpty());
  reconciliation_.FinishRun("r2");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("bob@example.com"));
  reconciliation_.Update("ada", [](User* u) { u->clear_pinned_by(); });
  reconciliation_.FinishRun("r3", {.kind = Run::PLAN});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("bob@example.com", "ada@example.com"));
}

TEST_F(EnrollmentWorkerTest, R94_AReleaseOfManyGoesOnWhereItStopped) {
  constexpr int kUsers = 1200;
  for (int i = 0; i < kUsers; ++i) {
    reconciliation_.Create(absl::StrCat("u", i));
  }
  reconciliation_.FinishRun("r1");
  ASSERT_OK(Follow());
  // Every other step dies, written or not.
  int crashes = 0;
  while (true) {
    faulty_.FailCommit(1, crashes % 2 == 0 ? FaultyStore::Outcome::kWritten
                                           : FaultyStore::Outcome::kNotWritten);
    const auto failed = worker_->ReleaseOnce(clock_.TimeNow());
    if (failed.ok()) break;  // Nothing was left to commit.
    ++crashes;
    Restart();
    ASSERT_OK(worker_->ReleaseOnce(clock_.TimeNow()));
  }
  faulty_.Heal();
  EXPECT_GE(crashes, 2);
  EXPECT_EQ(Counts(), (std::map<int, int64_t>{{State::QUEUED, kUsers}}));
  ASSERT_OK(SendDue());
  const std::vector<std::string> all = Recipients();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(),
            size_t{kUsers});
  EXPECT_THAT(all, SizeIs(kUsers));
}

// A whole month in no time (B9).
TEST_F(EnrollmentWorkerTest, B9_AMonthOfDailyRunsMailsEachUserOncePerCycle) {
  for (const char* id : {"ada", "bob"}) reconciliation_.Create(id);
  for (int day = 0; day <= 61; ++day) {
    reconciliation_.FinishRun(absl::StrCat("r", day));
    ASSERT_OK(RunAll());
    clock_.AdvanceTime(kDay);
  }
  // Day 0, day 30, day 60.
  EXPECT_THAT(Recipients(), SizeIs(6));
  EXPECT_EQ(Enrollment("ada").cycle(), 3);
}

}  // namespace
}  // namespace rollcall::enrollment
