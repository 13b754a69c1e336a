#include "services/enrollment/dispatcher.h"

#include <algorithm>
#include <deque>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/enrollment/attempt.h"

namespace rollcall::enrollment {

using rollcall::store::Batch;
using store::Enrollment;
using store::Mail;
using store::Person;

namespace {

// Counts mails for this writer (MailChanges).
constexpr char kWriter[] = "dispatch";

// Mails claimed in one batch, and the most that are claimed and not yet sent.
constexpr int kClaim = 64;
constexpr size_t kAhead = 128;

// One call of SendDueOnce, so that others get their turn.
constexpr int kMailsPerRound = 4096;

constexpr int kTriesPerCommit = 5;
constexpr int kRecoveredPerCommit = 256;

// A mail on its way, and what became of it.
struct Job {
  AccountName account;
  LedgerMail mail;  // SENDING, as stored.
  bool tried = false;
  absl::StatusOr<AttemptResult> result = AttemptResult();
};

// Ends the cycle of a mail that was not wanted, if it still is the one.
absl::Status EndCycle(EnrollmentStore& store, const Job& job, Batch* batch) {
  const UserName user(job.account, job.mail.mail.user());
  ASSIGN_OR_RETURN(const absl::optional<Enrollment> before,
                   store.GetEnrollment(user));
  if (!before.has_value() || before->cycle() != job.mail.mail.cycle() ||
      before->end() != Enrollment::END_UNSPECIFIED) {
    return absl::OkStatus();
  }
  Enrollment after = *before;
  after.set_end(Enrollment::REVOKED);
  ReplaceEnrollment(user.id(), before, after, batch);
  return absl::OkStatus();
}

// Nothing personal is written of somebody who is gone for good.
absl::Status ForgetTheGone(EnrollmentStore& store, const AccountName& account,
                           Mail* mail, Batch* batch) {
  const UserName user(account, mail->user());
  ASSIGN_OR_RETURN(const absl::optional<Person> person, store.GetPerson(user));
  ExpectPerson(user.id(), person, batch);
  if (person.has_value()) return absl::OkStatus();
  mail->clear_recipient();
  mail->clear_server_reply();
  return absl::OkStatus();
}

void CountOutcome(const Mail& mail) {
  Counter("rollcall_enrollment_mails_total",
          "Tries of mails, by their outcome.",
          {{"state", Mail::State_Name(mail.state())}})
      .Increment();
}

}  // namespace

// One call of SendDueOnce: the caller's thread claims mails and records what
// became of them, the others send. Results that arrive together are one commit.
class Dispatcher::Round {
 public:
  Round(Dispatcher& dispatcher, absl::Time now)
      : dispatcher_(dispatcher),
        store_(dispatcher.store_),
        attempter_(dispatcher.store_, dispatcher.reconciliation_,
                   dispatcher.mail_sender_, dispatcher.links_,
                   dispatcher.options_.sender),
        now_(now) {}

  ~Round() {
    {
      absl::MutexLock lock(&mutex_);
      ended_ = true;
    }
    for (std::thread& thread : threads_) thread.join();
  }

  absl::StatusOr<Pace> Run() {
    ASSIGN_OR_RETURN(const std::vector<AccountName> accounts,
                     store_.ListAccounts());
    std::deque<AccountName> with_work(accounts.begin(), accounts.end());
    size_t outstanding = 0;
    absl::Status error;
    while (true) {
      while (error.ok() && !Halted() && outstanding < kAhead &&
             claimed_ < kMailsPerRound && !with_work.empty()) {
        const AccountName account = with_work.front();
        with_work.pop_front();
        absl::StatusOr<size_t> claimed = Claim(account);
        if (!claimed.ok()) {
          error = Annotate(claimed.status(), account.ToString());
          failed_ = true;
          break;
        }
        outstanding += *claimed;
        if (*claimed == kClaim) with_work.push_back(account);  // Fair turns.
      }
      if (outstanding == 0) break;
      std::vector<Job> done = TakeDone();
      outstanding -= done.size();
      error.Update(Record(std::move(done)));
      if (!error.ok()) failed_ = true;
    }
    RETURN_IF_ERROR(error);
    if (unreachable_) {
      return Unavailable("SMTP_UNREACHABLE",
                         "The mail server takes no mail at the moment.");
    }
    return claimed_ >= kMailsPerRound ? Pace::kAgain : Pace::kRest;
  }

 private:
  bool Halted() const {
    return unreachable_ || failed_ || dispatcher_.stopped_;
  }

  // QUEUED -> SENDING, for some of the account's mails that are due.
  absl::StatusOr<size_t> Claim(const AccountName& account) {
    ASSIGN_OR_RETURN(std::vector<LedgerMail> due,
                     store_.mails().ListDue(account, now_, kClaim));
    if (due.empty()) return size_t{0};
    Batch batch(account.id());
    MailChanges changes(account, kWriter);
    for (LedgerMail& mail : due) {
      const Mail before = mail.mail;
      mail.mail.set_state(Mail::SENDING);
      mail.mail.set_attempt_count(before.attempt_count() + 1);
      mail.mail.clear_next_attempt_time();
      changes.Replace(mail.id, before, mail.mail, &batch);
    }
    RETURN_IF_ERROR(changes.Count(store_.base(), &batch));
    RETURN_IF_ERROR(store_.base().Commit(batch));

    const size_t count = due.size();
    claimed_ += static_cast<int>(count);
    StartThreads();
    absl::MutexLock lock(&mutex_);
    for (LedgerMail& mail : due) {
      waiting_.push_back({.account = account, .mail = std::move(mail)});
    }
    return count;
  }

  void StartThreads() {
    if (!threads_.empty()) return;
    // One at least: somebody waits for what these send.
    const int connections = std::max(1, dispatcher_.options_.connections);
    for (int i = 0; i < connections; ++i) {
      threads_.emplace_back([this] { SendUntilEnd(); });
    }
  }

  // What each thread does.
  void SendUntilEnd() {
    while (true) {
      mutex_.LockWhen(absl::Condition(this, &Round::HasWaitingOrEnded));
      if (waiting_.empty()) {
        mutex_.Unlock();
        return;
      }
      Job job = std::move(waiting_.front());
      waiting_.pop_front();
      mutex_.Unlock();

      if (!Halted()) {
        job.tried = true;
        job.result = attempter_.Try(job.account, job.mail, now_);
        if (!job.result.ok()) failed_ = true;
        if (job.result.ok() && job.result->unreachable) unreachable_ = true;
      }
      absl::MutexLock lock(&mutex_);
      done_.push_back(std::move(job));
    }
  }

  bool HasWaitingOrEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !waiting_.empty() || ended_;
  }
  bool HasDone() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !done_.empty();
  }

  std::vector<Job> TakeDone() {
    absl::MutexLock lock(&mutex_, absl::Condition(this, &Round::HasDone));
    return std::exchange(done_, {});
  }

  // SENDING -> whatever became of the mails.
  absl::Status Record(std::vector<Job> jobs) {
    absl::Status error;
    std::map<AccountName, std::vector<Job>> by_account;
    for (Job& job : jobs) {
      if (!job.result.ok()) {
        // What the store knows of this mail is sorted out by Recover.
        error.Update(job.result.status());
        continue;
      }
      const AccountName account = job.account;
      by_account[account].push_back(std::move(job));
    }
    for (const auto& [account, account_jobs] : by_account) {
      error.Update(RecordFor(account, account_jobs));
    }
    return error;
  }

  absl::Status RecordFor(const AccountName& account,
                         const std::vector<Job>& jobs) {
    absl::Status committed;
    for (int i = 0; i < kTriesPerCommit; ++i) {
      Batch batch(account.id());
      MailChanges changes(account, kWriter);
      for (const Job& job : jobs) {
        Mail after = job.tried ? job.result->after : Untried(job.mail.mail);
        RETURN_IF_ERROR(ForgetTheGone(store_, account, &after, &batch));
        changes.Replace(job.mail.id, job.mail.mail, after, &batch);
        if (job.tried && job.result->ends_cycle) {
          RETURN_IF_ERROR(EndCycle(store_, job, &batch));
        }
      }
      RETURN_IF_ERROR(changes.Count(store_.base(), &batch));
      committed = store_.base().Commit(batch);
      if (!absl::IsAborted(committed)) break;
    }
    RETURN_IF_ERROR(committed);
    for (const Job& job : jobs) {
      if (job.tried) CountOutcome(job.result->after);
    }
    return absl::OkStatus();
  }

  // A mail that was claimed and not begun: as it was.
  Mail Untried(const Mail& claimed) const {
    Mail mail = claimed;
    mail.set_state(Mail::QUEUED);
    mail.set_attempt_count(claimed.attempt_count() - 1);
    *mail.mutable_next_attempt_time() = ToTimestamp(now_);
    return mail;
  }

  Dispatcher& dispatcher_;
  EnrollmentStore& store_;
  Attempter attempter_;
  const absl::Time now_;
  int claimed_ = 0;
  std::vector<std::thread> threads_;

  std::atomic<bool> unreachable_ = false;
  std::atomic<bool> failed_ = false;

  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Job> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<Job> done_ ABSL_GUARDED_BY(mutex_);
};

Dispatcher::Dispatcher(EnrollmentStore& store,
                       ReconciliationClient& reconciliation,
                       MailSender& mail_sender, const LinkMaker& links,
                       DispatcherOptions options)
    : store_(store),
      reconciliation_(reconciliation),
      mail_sender_(mail_sender),
      links_(links),
      options_(std::move(options)) {}

absl::StatusOr<Pace> Dispatcher::SendDueOnce(absl::Time now) {
  if (stopped_) return Pace::kRest;
  if (!recovered_) RETURN_IF_ERROR(Recover(now));
  absl::StatusOr<Pace> pace = Round(*this, now).Run();
  // Only an unreachable server leaves every mail accounted for.
  recovered_ = pace.ok() || ReasonOf(pace.status()) == "SMTP_UNREACHABLE";
  return pace;
}

absl::Status Dispatcher::Recover(absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<AccountName> accounts,
                   store_.ListAccounts());
  for (const AccountName& account : accounts) {
    RETURN_IF_ERROR(RecoverAccount(account, now));
  }
  recovered_ = true;
  return absl::OkStatus();
}

absl::Status Dispatcher::RecoverAccount(const AccountName& account,
                                        absl::Time now) {
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<MailLedger::Interrupted> interrupted,
                     store_.mails().ListSending(account, kRecoveredPerCommit));
    if (interrupted.empty()) return absl::OkStatus();
    Batch batch(account.id());
    MailChanges changes(account, kWriter);
    for (const auto& [ledger_mail, final_dot] : interrupted) {
      Mail mail = ledger_mail.mail;
      if (final_dot) {
        mail.set_state(Mail::UNKNOWN);
        mail.set_reason("INTERRUPTED_AFTER_FINAL_DOT");
        *mail.mutable_end_time() = ToTimestamp(now);
        RETURN_IF_ERROR(ForgetTheGone(store_, account, &mail, &batch));
        LogWarning("mail_unknown", {{"mail", ledger_mail.id}});
      } else {
        mail.set_state(Mail::QUEUED);
        *mail.mutable_next_attempt_time() = ToTimestamp(now);
      }
      changes.Replace(ledger_mail.id, ledger_mail.mail, mail, &batch);
    }
    RETURN_IF_ERROR(changes.Count(store_.base(), &batch));
    RETURN_IF_ERROR(store_.base().Commit(batch));
  }
}

}  // namespace rollcall::enrollment
