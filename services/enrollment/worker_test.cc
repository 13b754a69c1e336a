#include "services/enrollment/worker.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/crypto/sealer.h"
#include "common/identity/resource_name.h"
#include "common/identity/values.h"
#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/enrollment/fake_reconciliation.h"
#include "services/enrollment/link.h"
#include "services/enrollment/mail_sender.h"
#include "services/enrollment/smtp_client.h"
#include "services/enrollment/store.h"
#include "services/enrollment/store.pb.h"
#include "tests/fakes/mail/mail_server.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::reconciliation::v1::Run;
using ::rollcall::store::FaultyStore;
using ::rollcall::testing::MailServer;
using ::rollcall::testing::ReceivedMail;
using ::rollcall::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using User = FakeReconciliation::User;
using State = store::Mail;

const absl::Time kNoon =
    absl::FromCivil(absl::CivilHour(2026, 3, 1, 12), absl::UTCTimeZone());
constexpr absl::Duration kDay = absl::Hours(24);
constexpr char kLinkBase[] = "https://e.example/enroll";

// A mail server in memory that does as told.
class Outbox : public MailSender {
 public:
  SendReport Send(
      const OutgoingMail& mail,
      const std::function<absl::Status()>& before_final_dot) override {
    absl::MutexLock lock(&mutex_);
    SendReport report = {.outcome = MailOutcome::kSent, .reply = "250 kept"};
    if (!next_.empty()) {
      report = next_.front();
      next_.erase(next_.begin());
    }
    if (!before_final_dot().ok()) return {.outcome = MailOutcome::kRetry};
    if (report.outcome == MailOutcome::kSent) mails_.push_back(mail);
    return report;
  }

  void AnswerNext(MailOutcome outcome, const std::string& reply = "") {
    absl::MutexLock lock(&mutex_);
    next_.push_back({.outcome = outcome, .reply = reply});
  }

  std::vector<OutgoingMail> mails() {
    absl::MutexLock lock(&mutex_);
    return mails_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<SendReport> next_ ABSL_GUARDED_BY(mutex_);
  std::vector<OutgoingMail> mails_ ABSL_GUARDED_BY(mutex_);
};

// A store in which something happens just before a commit.
class InterruptedStore : public FaultyStore {
 public:
  using FaultyStore::FaultyStore;

  void BeforeNextCommit(std::function<void()> what) { what_ = std::move(what); }

  absl::Status Commit(const rollcall::store::Batch& batch) override {
    if (what_) std::exchange(what_, nullptr)();
    return FaultyStore::Commit(batch);
  }

 private:
  std::function<void()> what_;
};

EnrollmentWorkerOptions Options() {
  return {.sender = *EmailAddress::Parse("it@rollcall.example"),
          .message_id_domain = "rollcall.example",
          .link_base = kLinkBase,
          .connections = 3};
}

Sealer NewSealer() { return *Sealer::FromText(Sealer::GenerateKeyFile()); }

// Quoted-printable, undone.
std::string Decode(const std::string& message) {
  return absl::StrReplaceAll(message, {{"=\r\n", ""}, {"=3D", "="}});
}

std::string HeaderOf(const std::string& message, const std::string& name) {
  const size_t begin = message.find(absl::StrCat("\n", name, ": "));
  if (begin == std::string::npos) return "";
  const size_t value = begin + name.size() + 3;
  return message.substr(value, message.find("\r\n", value) - value);
}

// The token of the link that a message holds.
std::string TokenIn(const std::string& message) {
  const std::string text = Decode(message);
  const std::string lead = absl::StrCat(kLinkBase, "#");
  const size_t begin = text.find(lead);
  if (begin == std::string::npos) return "";
  const size_t token = begin + lead.size();
  return text.substr(token, text.find("\r\n", token) - token);
}

class EnrollmentWorkerTest : public ::testing::Test {
 protected:
  EnrollmentWorkerTest() { Restart(); }

  // The process dies and starts again.
  void Restart() {
    worker_.reset();
    faulty_.Heal();
    worker_ = std::make_unique<EnrollmentWorker>(store_, reconciliation_,
                                                 *sender_, sealer_, Options());
  }

  // One unit until it rests.
  absl::Status RunUnit(
      absl::StatusOr<Pace> (EnrollmentWorker::*unit)(absl::Time)) {
    while (true) {
      const absl::StatusOr<Pace> pace =
          (worker_.get()->*unit)(clock_.TimeNow());
      if (!pace.ok()) return pace.status();
      if (*pace == Pace::kRest) return absl::OkStatus();
    }
  }
  absl::Status Follow() { return RunUnit(&EnrollmentWorker::FollowFeedsOnce); }
  absl::Status Release() { return RunUnit(&EnrollmentWorker::ReleaseOnce); }
  absl::Status SendDue() { return RunUnit(&EnrollmentWorker::SendDueOnce); }

  absl::Status RunAll() {
    if (absl::Status status = Follow(); !status.ok()) return status;
    if (absl::Status status = Release(); !status.ok()) return status;
    return SendDue();
  }

  // All recipients so far, in the order of sending.
  std::vector<std::string> Recipients() {
    std::vector<std::string> recipients;
    for (const OutgoingMail& mail : outbox_.mails()) {
      recipients.push_back(mail.recipient.value());
    }
    return recipients;
  }

  absl::optional<store::Mail> Mail(const std::string& id) {
    auto mail = store_.mails().Get(acme_, id);
    EXPECT_OK(mail);
    return mail.ok() ? *mail : absl::nullopt;
  }
  State::State StateOf(const std::string& id) {
    const auto mail = Mail(id);
    return mail.has_value() ? mail->state() : State::STATE_UNSPECIFIED;
  }
  std::string ReasonOf(const std::string& id) {
    const auto mail = Mail(id);
    return mail.has_value() ? mail->reason() : "no such mail";
  }
  store::Enrollment Enrollment(const std::string& user) {
    auto enrollment = store_.GetEnrollment(UserName(acme_, user));
    EXPECT_OK(enrollment);
    EXPECT_TRUE(enrollment->has_value());
    return enrollment->value_or(store::Enrollment());
  }
  std::map<int, int64_t> Counts() {
    std::map<int, int64_t> counts = *store_.mails().Counts(acme_);
    for (auto it = counts.begin(); it != counts.end();) {
      it = it->second == 0 ? counts.erase(it) : std::next(it);
    }
    return counts;
  }

  const AccountName acme_{"acme"};
  SimulatedClock clock_{kNoon};
  std::unique_ptr<rollcall::store::Store> base_ =
      *rollcall::store::OpenInMemory();
  InterruptedStore faulty_{*base_};
  EnrollmentStore store_{faulty_};
  FakeReconciliation reconciliation_;
  Outbox outbox_;
  MailSender* sender_ = &outbox_;
  Sealer sealer_ = NewSealer();
  std::unique_ptr<EnrollmentWorker> worker_;
};

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

TEST_F(EnrollmentWorkerTest, B5_AnUndoneRunReleasesNothing) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1", {.kind = Run::REVERT});
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), IsEmpty());
  reconciliation_.FinishRun("r2");
  ASSERT_OK(RunAll());
  EXPECT_THAT(Recipients(), SizeIs(1));
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

// The n-th commit of the whole story fails, written or not; the process dies,
// starts again, and goes on. Against a real mail server.
class EnrollmentCrashTest
    : public EnrollmentWorkerTest,
      public ::testing::WithParamInterface<FaultyStore::Outcome> {};

TEST_P(EnrollmentCrashTest, R94_B8_NoKeyIsSentTwiceWhereverItDies) {
  ASSERT_OK_AND_ASSIGN(const auto server, MailServer::Start());
  ASSERT_OK_AND_ASSIGN(
      const auto client,
      SmtpClient::Create({.server = server->address(), .plaintext = true}));
  std::set<std::string> message_ids;
  size_t mails_before = 0;
  int points = 0;
  int unknown = 0;
  for (int n = 1;; ++n) {
    SCOPED_TRACE(absl::StrCat("commit ", n));
    FakeReconciliation reconciliation;
    for (const char* id : {"ada", "bob", "cleo"}) reconciliation.Create(id);
    reconciliation.FinishRun("r1");
    const auto base = *rollcall::store::OpenInMemory();
    FaultyStore faulty(*base);
    EnrollmentStore store(faulty);
    const Sealer sealer = NewSealer();  // Other Message-IDs in every round.

    faulty.FailCommit(n, GetParam());
    bool died = false;
    for (int life = 0; life < 3; ++life) {
      EnrollmentWorker worker(store, reconciliation, *client, sealer,
                              Options());
      bool ok = true;
      for (int turn = 0; ok && turn < 6; ++turn) {
        ok = worker.FollowFeedsOnce(kNoon).ok() &&
             worker.ReleaseOnce(kNoon).ok() && worker.SendDueOnce(kNoon).ok();
      }
      if (ok) break;
      died = true;
      faulty.Heal();
    }
    ASSERT_OK_AND_ASSIGN(const std::vector<ReceivedMail> mails,
                         server->ReadMails());
    for (size_t i = mails_before; i < mails.size(); ++i) {
      EXPECT_TRUE(
          message_ids.insert(HeaderOf(mails[i].text, "Message-Id")).second)
          << "sent twice";
    }
    const size_t arrived = mails.size() - mails_before;
    mails_before = mails.size();
    // Every mail has come to an outcome, and none is called sent that is not.
    std::map<int, int64_t> counts = *store.mails().Counts(acme_);
    EXPECT_EQ(counts[State::SENT] + counts[State::UNKNOWN], 3);
    EXPECT_LE(counts[State::SENT], static_cast<int64_t>(arrived));
    unknown += static_cast<int>(counts[State::UNKNOWN]);
    if (!died) break;  // The story has fewer than n commits.
    ++points;
  }
  EXPECT_GE(points, 6);   // Follow, release, claim, three notes, results.
  EXPECT_GE(unknown, 1);  // Or no crash was between dot and record.
}

INSTANTIATE_TEST_SUITE_P(Outcomes, EnrollmentCrashTest,
                         ::testing::Values(FaultyStore::Outcome::kNotWritten,
                                           FaultyStore::Outcome::kWritten));

TEST_F(EnrollmentWorkerTest, Invariant20_HostileNamesStayOutOfHeaders) {
  ASSERT_OK_AND_ASSIGN(const auto server, MailServer::Start());
  ASSERT_OK_AND_ASSIGN(
      const auto client,
      SmtpClient::Create({.server = server->address(), .plaintext = true}));
  sender_ = client.get();
  Restart();
  store::Settings settings;
  settings.set_subject("For {name}");
  settings.set_body("{name}: {link}");
  settings.set_version(1);
  ASSERT_OK(store_.ReplaceSettings(acme_, store::Settings(), settings));
  const std::vector<std::string> names = {"Eve\r\nBcc: victim@example.com",
                                          "Eve\nX-Evil: yes",
                                          "=?utf-8?q?Eve=0D=0ABcc:_x?=",
                                          "Visit https://evil.example/ now",
                                          "evil.example",
                                          "\xE2\x80\xAE"
                                          "gpj.exe",
                                          std::string(1 << 20, 'A'),
                                          "\r\n.\r\nMAIL FROM:<x@y>\r\n",
                                          "{link}"};
  for (size_t i = 0; i < names.size(); ++i) {
    User user = FakeReconciliation::MakeUser(absl::StrCat("u", i));
    user.set_display_name(names[i]);
    reconciliation_.Create(user);
  }
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  ASSERT_OK_AND_ASSIGN(const std::vector<ReceivedMail> mails,
                       server->ReadMails());
  ASSERT_EQ(mails.size(), names.size());
  for (const ReceivedMail& mail : mails) {
    EXPECT_THAT(mail.recipients, SizeIs(1));
    const std::string headers = mail.text.substr(0, mail.text.find("\r\n\r\n"));
    EXPECT_THAT(headers,
                AllOf(Not(HasSubstr("\nBcc")), Not(HasSubstr("\nX-Evil")),
                      Not(HasSubstr("#acme"))));
    EXPECT_LT(mail.text.size(), 2000u);
    const std::string body = Decode(mail.text.substr(headers.size()));
    EXPECT_THAT(body, AllOf(Not(HasSubstr("https://evil")),
                            Not(HasSubstr("evil.example"))));
    EXPECT_NE(TokenIn(mail.text), "");
  }
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
