// How a link lives and dies, and what is left of it.
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/secret.h"
#include "common/identity/resource_name.h"
#include "common/store/faulty_store.h"
#include "common/store/store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/enrollment/fake_reconciliation.h"
#include "services/enrollment/link.h"
#include "services/enrollment/mail_sender.h"
#include "services/enrollment/store.pb.h"
#include "services/enrollment/worker.h"
#include "services/enrollment/worker_fixture.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::store::FaultyStore;
using ::rollcall::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(EnrollmentWorkerTest, R83_TheMailedLinkLeadsToACycleOfThirtyDays) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  ASSERT_THAT(outbox_.mails(), SizeIs(1));
  const Secret token(TokenIn(outbox_.mails()[0].message));
  ASSERT_OK_AND_ASSIGN(const auto link, store_.GetLink(acme_, HashOf(token)));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->user(), "ada");
  EXPECT_EQ(link->cycle(), 1);
  const store::Enrollment enrollment = Enrollment("ada");
  EXPECT_EQ(
      enrollment.expire_time().seconds() - enrollment.issue_time().seconds(),
      30 * 24 * 3600);
}

TEST_F(EnrollmentWorkerTest, R93_TheTokenIsNowhereInTheStore) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  const std::string token = TokenIn(outbox_.mails()[0].message);
  ASSERT_THAT(token, SizeIs(5 + 43));
  const auto cursor = base_->Scan("acme", rollcall::store::KeyRange());
  int entries = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto entry, cursor->Next());
    if (!entry.has_value()) break;
    ++entries;
    EXPECT_THAT(entry->key, Not(HasSubstr(token.substr(5))));
    EXPECT_THAT(entry->value, Not(HasSubstr(token.substr(5))));
  }
  EXPECT_GT(entries, 5);
}

TEST_F(EnrollmentWorkerTest, R93_ADeadLinkStaysDeadWhenTheUserComesBack) {
  for (const User::State state : {User::DISABLED, User::PENDING_DELETION}) {
    const std::string id = state == User::DISABLED ? "dan" : "tom";
    reconciliation_.Create(id);
    reconciliation_.FinishRun("r1");
    ASSERT_OK(RunAll());
    reconciliation_.Update(id, [&](User* user) { user->set_state(state); });
    ASSERT_OK(RunAll());
    EXPECT_EQ(Enrollment(id).end(), store::Enrollment::REVOKED);
    EXPECT_THAT(*store_.ListPending(acme_, "", 10),
                Not(::testing::Contains(id)));

    reconciliation_.Update(id,
                           [](User* user) { user->set_state(User::ACTIVE); });
    ASSERT_OK(RunAll());
    EXPECT_EQ(Enrollment(id).end(), store::Enrollment::REVOKED);
    reconciliation_.FinishRun("r2");
    ASSERT_OK(RunAll());
    EXPECT_EQ(Enrollment(id).cycle(), 2);
    EXPECT_EQ(StateOf(absl::StrCat(id, ".2.initial")), State::SENT);
  }
}

TEST_F(EnrollmentWorkerTest, R88_EnrollingADeviceCompletesTheEnrollment) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  reconciliation_.Update("ada", [](User* user) { user->set_device_count(1); });
  clock_.AdvanceTime(40 * kDay);
  reconciliation_.FinishRun("r2");
  ASSERT_OK(RunAll());
  EXPECT_EQ(Enrollment("ada").end(), store::Enrollment::COMPLETED);
  EXPECT_THAT(Recipients(), SizeIs(1));
}

TEST_F(EnrollmentWorkerTest, R93_NothingPersonalIsLeftOfAPurgedUser) {
  for (const char* id : {"ada", "bob"}) {
    User user = FakeReconciliation::MakeUser(id);
    user.set_display_name("Ada Lovelace");
    user.set_email("lovelace@example.com");
    reconciliation_.Create(user);
  }
  outbox_.AnswerNext(MailOutcome::kFailed, "550 no <lovelace@example.com>");
  outbox_.AnswerNext(MailOutcome::kRetry, "450 busy <lovelace@example.com>");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  reconciliation_.Purge("ada");
  reconciliation_.Purge("bob");
  ASSERT_OK(Follow());
  clock_.AdvanceTime(kDay);
  ASSERT_OK(SendDue());
  const auto cursor = base_->Scan("acme", rollcall::store::KeyRange());
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto entry, cursor->Next());
    if (!entry.has_value()) break;
    EXPECT_THAT(entry->value, Not(HasSubstr("ovelace"))) << entry->key;
  }
  EXPECT_EQ(Counts(), (std::map<int, int64_t>{{State::FAILED, 1},
                                              {State::SUPPRESSED, 1}}));
  EXPECT_THAT(*store_.ListPending(acme_, "", 10), IsEmpty());
}

// Forgets a user between the final dot and the reply, as another thread may.
class PurgingSender : public MailSender {
 public:
  explicit PurgingSender(std::function<void()> purge)
      : purge_(std::move(purge)) {}

  SendReport Send(
      const OutgoingMail&,
      const std::function<absl::Status()>& before_final_dot) override {
    EXPECT_OK(before_final_dot());
    purge_();
    return {.outcome = MailOutcome::kSent, .reply = "250 kept"};
  }

 private:
  const std::function<void()> purge_;
};

TEST_F(EnrollmentWorkerTest,
       R93_AnInterruptedMailForgetsWhoWasPurgedMeanwhile) {
  PurgingSender sender([this] {
    reconciliation_.Purge("ada");
    ASSERT_OK(Follow());
    faulty_.FailCommit(1, FaultyStore::Outcome::kNotWritten);
  });
  sender_ = &sender;
  Restart();
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  EXPECT_THAT(RunAll(), StatusIs(absl::StatusCode::kUnavailable));
  sender_ = &outbox_;
  Restart();
  ASSERT_OK(SendDue());
  EXPECT_EQ(StateOf("ada.1.initial"), State::UNKNOWN);
  EXPECT_EQ(Mail("ada.1.initial")->recipient(), "");
}

TEST_F(EnrollmentWorkerTest, R94_ARotatedKeyLeavesNoDeadLinkBehind) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(Follow());
  ASSERT_OK(Release());
  sealer_ = NewSealer();
  Restart();
  ASSERT_OK(SendDue());
  ASSERT_THAT(outbox_.mails(), SizeIs(1));
  const Secret token(TokenIn(outbox_.mails()[0].message));
  ASSERT_OK_AND_ASSIGN(const auto link, store_.GetLink(acme_, HashOf(token)));
  EXPECT_TRUE(link.has_value());
}

// The feed and the release run on two threads.
TEST_F(EnrollmentWorkerTest, R93_NoLinkSurvivesADisablingAtTheSameInstant) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(Follow());
  faulty_.BeforeNextCommit([&] {
    reconciliation_.Update("ada",
                           [](User* u) { u->set_state(User::DISABLED); });
    ASSERT_OK(Follow());
  });
  ASSERT_OK(Release());
  EXPECT_FALSE(store_.GetEnrollment(UserName(acme_, "ada"))->has_value());

  // And the other way round.
  reconciliation_.Create("bob");
  reconciliation_.FinishRun("r2");
  ASSERT_OK(Follow());
  reconciliation_.Update("bob", [](User* u) { u->set_state(User::DISABLED); });
  faulty_.BeforeNextCommit([&] { ASSERT_OK(Release()); });
  ASSERT_OK(Follow());
  EXPECT_EQ(Enrollment("bob").end(), store::Enrollment::REVOKED);
  ASSERT_OK(SendDue());
  EXPECT_THAT(Recipients(), IsEmpty());
}

}  // namespace
}  // namespace rollcall::enrollment
