// What becomes of a mail that is due.
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/enrollment/mail_sender.h"
#include "services/enrollment/store.pb.h"
#include "services/enrollment/worker.h"
#include "services/enrollment/worker_fixture.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(EnrollmentWorkerTest, AServersReplyIsKeptWhateverBytesItHas) {
  outbox_.AnswerNext(MailOutcome::kRetry, "450 sp\xe4ter");
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  ASSERT_EQ(StateOf("ada.1.initial"), State::QUEUED);
  EXPECT_EQ(Mail("ada.1.initial")->server_reply(), "450 sp\xef\xbf\xbdter");
  clock_.AdvanceTime(absl::Hours(1));
  ASSERT_OK(SendDue());
  EXPECT_EQ(StateOf("ada.1.initial"), State::SENT);
}

TEST_F(EnrollmentWorkerTest, B8_A18_EveryConditionIsCheckedAgainAtSending) {
  const std::map<std::string,
                 std::pair<std::function<void(User*)>, std::string>>
      changes = {
          {"dan",
           {[](User* u) { u->set_state(User::DISABLED); }, "USER_DISABLED"}},
          {"tom",
           {[](User* u) { u->set_state(User::PENDING_DELETION); },
            "USER_PENDING_DELETION"}},
          {"mia", {[](User* u) { u->clear_email(); }, "NO_EMAIL"}},
          {"dev", {[](User* u) { u->set_device_count(1); }, "HAS_DEVICE"}},
          {"pia",
           {[](User* u) { u->set_pinned_by("accounts/acme/directories/d1"); },
            "USER_PINNED"}},
          {"out", {[](User* u) { u->clear_managed_by(); }, "NOT_MANAGED"}},
      };
  for (const auto& [id, change] : changes) reconciliation_.Create(id);
  reconciliation_.FinishRun("r1");
  ASSERT_OK(Follow());
  ASSERT_OK(Release());
  // The feed has not told yet; the identity store knows already.
  for (const auto& [id, change] : changes) {
    reconciliation_.Edit(id, change.first);
  }
  ASSERT_OK(SendDue());
  EXPECT_THAT(Recipients(), IsEmpty());
  for (const auto& [id, change] : changes) {
    EXPECT_EQ(StateOf(id + ".1.initial"), State::SUPPRESSED) << id;
    EXPECT_EQ(ReasonOf(id + ".1.initial"), change.second);
  }
  // A18, and whoever is eligible again later is not forgotten.
  reconciliation_.Update("dan", [](User* u) { u->set_state(User::ACTIVE); });
  reconciliation_.FinishRun("r2");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), ElementsAre("dan@example.com"));
}

TEST_F(EnrollmentWorkerTest, B8_WithoutAnAnswerTheFeedsWordCounts) {
  reconciliation_.Create("ada");
  reconciliation_.Create("dan");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(Follow());
  ASSERT_OK(Release());
  reconciliation_.Update("dan", [](User* u) { u->set_state(User::DISABLED); });
  ASSERT_OK(Follow());
  reconciliation_.FailGetUser(absl::UnavailableError("down"));
  ASSERT_OK(SendDue());
  EXPECT_THAT(Recipients(), ElementsAre("ada@example.com"));
  EXPECT_EQ(StateOf("dan.1.initial"), State::SUPPRESSED);
}

TEST_F(EnrollmentWorkerTest, R93_AChangedAddressRedirectsTheMail) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(Follow());
  ASSERT_OK(Release());
  reconciliation_.Update("ada",
                         [](User* u) { u->set_email("new@example.com"); });
  ASSERT_OK(SendDue());
  EXPECT_THAT(Recipients(), ElementsAre("new@example.com"));
  EXPECT_EQ(Mail("ada.1.initial")->recipient(), "new@example.com");
}

TEST_F(EnrollmentWorkerTest, B8_ARefusedTryIsFollowedByOthersUnderOneName) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  outbox_.AnswerNext(MailOutcome::kRetry, "451 greylisted");
  ASSERT_OK(RunAll());
  const std::string message_id = Mail("ada.1.initial")->message_id();
  EXPECT_EQ(StateOf("ada.1.initial"), State::QUEUED);
  EXPECT_EQ(Mail("ada.1.initial")->server_reply(), "451 greylisted");
  ASSERT_OK(SendDue());
  EXPECT_THAT(Recipients(), IsEmpty());  // Not at once.
  clock_.AdvanceTime(absl::Minutes(1));
  ASSERT_OK(SendDue());
  ASSERT_THAT(outbox_.mails(), SizeIs(1));
  EXPECT_EQ(StateOf("ada.1.initial"), State::SENT);
  EXPECT_EQ(Mail("ada.1.initial")->attempt_count(), 2);
  EXPECT_EQ(HeaderOf(outbox_.mails()[0].message, "Message-Id"),
            absl::StrCat("<", message_id, ">"));
}

TEST_F(EnrollmentWorkerTest, B8_AMailThatNobodyTakesIsGivenUp) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(Follow());
  ASSERT_OK(Release());
  int tries = 0;
  while (StateOf("ada.1.initial") == State::QUEUED) {
    outbox_.AnswerNext(MailOutcome::kRetry);
    ASSERT_OK(SendDue());
    clock_.AdvanceTime(absl::Hours(1));
    ASSERT_LT(++tries, 1000);
  }
  EXPECT_EQ(StateOf("ada.1.initial"), State::FAILED);
  EXPECT_EQ(ReasonOf("ada.1.initial"), "GIVEN_UP");
  EXPECT_LE(clock_.TimeNow() - kNoon, 4 * kDay + absl::Hours(1));
}

TEST_F(EnrollmentWorkerTest, B8_AMailInDoubtIsNotSentAgain) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  outbox_.AnswerNext(MailOutcome::kUnknown, "nothing");
  ASSERT_OK(RunAll());
  EXPECT_EQ(StateOf("ada.1.initial"), State::UNKNOWN);
  clock_.AdvanceTime(29 * kDay);
  reconciliation_.FinishRun("r2");
  Restart();
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), IsEmpty());
}

TEST_F(EnrollmentWorkerTest, F12_AnUnreachableServerLosesNothing) {
  for (int i = 0; i < 300; ++i) {
    reconciliation_.Create(absl::StrCat("u", i));
  }
  reconciliation_.FinishRun("r1");
  ASSERT_OK(Follow());
  ASSERT_OK(Release());
  // The round ends instead of trying all mails.
  outbox_.AnswerNext(MailOutcome::kUnreachable);
  EXPECT_THAT(SendDue(),
              StatusIs(absl::StatusCode::kUnavailable, "SMTP_UNREACHABLE"));
  EXPECT_EQ(Counts()[State::QUEUED] + Counts()[State::SENT], 300);
  EXPECT_GT(Counts()[State::QUEUED], 100);
  clock_.AdvanceTime(absl::Minutes(1));
  ASSERT_OK(SendDue());
  EXPECT_EQ(Counts(), (std::map<int, int64_t>{{State::SENT, 300}}));
  EXPECT_THAT(Recipients(), SizeIs(300));
}

TEST_F(EnrollmentWorkerTest, R91_TheAccountsOwnTextsAreMailed) {
  store::Settings settings;
  settings.set_subject("Für {name}");
  settings.set_body("Bitte: {link}");
  settings.set_version(1);
  ASSERT_OK(store_.ReplaceSettings(acme_, store::Settings(), settings));
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  ASSERT_THAT(outbox_.mails(), SizeIs(1));
  const std::string message = outbox_.mails()[0].message;
  EXPECT_THAT(message, HasSubstr("Subject: =?utf-8?Q?F=C3=BCr=20ada?=\r\n"));
  EXPECT_THAT(Decode(message), HasSubstr("\r\n\r\nBitte: https://e.example/"));
}

}  // namespace
}  // namespace rollcall::enrollment
