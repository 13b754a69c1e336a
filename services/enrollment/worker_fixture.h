// The world of the enrollment worker in memory: the identity store, the mail
// server and the store do as a test tells them.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_WORKER_FIXTURE_H_
#define ROLLCALL_SERVICES_ENROLLMENT_WORKER_FIXTURE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/crypto/sealer.h"
#include "common/identity/resource_name.h"
#include "common/identity/values.h"
#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "common/time/periodic_worker.h"
#include "gtest/gtest.h"
#include "services/enrollment/fake_reconciliation.h"
#include "services/enrollment/mail_sender.h"
#include "services/enrollment/store.h"
#include "services/enrollment/store.pb.h"
#include "services/enrollment/worker.h"

namespace rollcall::enrollment {

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
class InterruptedStore : public rollcall::store::FaultyStore {
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

inline EnrollmentWorkerOptions Options() {
  return {.sender = *EmailAddress::Parse("it@rollcall.example"),
          .message_id_domain = "rollcall.example",
          .link_base = kLinkBase,
          .connections = 3};
}

inline Sealer NewSealer() {
  return *Sealer::FromText(Sealer::GenerateKeyFile());
}

// Quoted-printable, undone.
inline std::string Decode(const std::string& message) {
  return absl::StrReplaceAll(message, {{"=\r\n", ""}, {"=3D", "="}});
}

inline std::string HeaderOf(const std::string& message,
                            const std::string& name) {
  const size_t begin = message.find(absl::StrCat("\n", name, ": "));
  if (begin == std::string::npos) return "";
  const size_t value = begin + name.size() + 3;
  return message.substr(value, message.find("\r\n", value) - value);
}

// The token of the link that a message holds.
inline std::string TokenIn(const std::string& message) {
  const std::string text = Decode(message);
  const std::string lead = absl::StrCat(kLinkBase, "#");
  const size_t begin = text.find(lead);
  if (begin == std::string::npos) return "";
  const size_t token = begin + lead.size();
  return text.substr(token, text.find("\r\n", token) - token);
}

// A worker with an identity store, a mail server and a store in memory.
class EnrollmentWorkerTest : public ::testing::Test {
 protected:
  using User = FakeReconciliation::User;
  using State = store::Mail;

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

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_WORKER_FIXTURE_H_
