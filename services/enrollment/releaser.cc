#include "services/enrollment/releaser.h"

#include <string>
#include <utility>
#include <vector>

#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"
#include "services/enrollment/cycle.h"
#include "services/enrollment/eligibility.h"
#include "services/enrollment/keys.h"
#include "services/enrollment/mail_key.h"
#include "services/enrollment/records.h"

namespace rollcall::enrollment {

using rollcall::store::Batch;
using rollcall::store::Serialize;
using store::Enrollment;
using store::Mail;
using store::Person;
using store::Release;
using store::ReleaseState;

namespace {

// One step: a batch of some 500 KiB at most.
constexpr int kPeoplePerStep = 500;

// What one step writes.
class Step {
 public:
  Step(EnrollmentStore& store, const LinkMaker& links,
       const AccountName& account, const Release& release, absl::Time now)
      : store_(store),
        links_(links),
        directory_(release.directory()),
        now_(now),
        batch_(account.id()),
        changes_(account, "release") {}

  // Issues a cycle and queues its mail, if the user is to have one now.
  absl::Status IssueWhereDue(const UserName& user, const Person& person,
                             const DirectoryOptions& options) {
    if (Judge(CandidateOf(person, directory_), options) !=
        Eligibility::kEligible) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const absl::optional<Enrollment> latest,
                     store_.GetEnrollment(user));
    const absl::optional<Cycle> next = NextCycle(CycleOf(latest), now_);
    if (!next.has_value()) return absl::OkStatus();

    Enrollment enrollment;
    enrollment.set_cycle(next->number);
    *enrollment.mutable_issue_time() = ToTimestamp(next->issue_time);
    *enrollment.mutable_expire_time() = ToTimestamp(next->expire_time);
    enrollment.set_link_hash(HashOf(links_.Token(user, next->number)));
    ReplaceEnrollment(user.id(), latest, enrollment, &batch_);
    // The user must still be as judged.
    ExpectPerson(user.id(), person, &batch_);
    QueueFirstMail(user, person, next->number);
    return absl::OkStatus();
  }

  Batch& batch() { return batch_; }
  int issued() const { return issued_; }

  absl::Status Commit() {
    RETURN_IF_ERROR(changes_.Count(store_.base(), &batch_));
    return store_.base().Commit(batch_);
  }

 private:
  void QueueFirstMail(const UserName& user, const Person& person, int cycle) {
    const std::string id = MailKey(user.id(), cycle, kInitialMail);
    Mail mail;
    mail.set_user(user.id());
    mail.set_kind(std::string(kInitialMail));
    mail.set_cycle(cycle);
    mail.set_directory(directory_);
    mail.set_recipient(person.email());
    mail.set_state(Mail::QUEUED);
    mail.set_message_id(links_.MessageId(user.account(), id));
    *mail.mutable_create_time() = ToTimestamp(now_);
    *mail.mutable_next_attempt_time() = ToTimestamp(now_);
    changes_.Replace(id, absl::nullopt, mail, &batch_);
    ++issued_;
  }

  EnrollmentStore& store_;
  const LinkMaker& links_;
  const std::string directory_;
  const absl::Time now_;
  Batch batch_;
  MailChanges changes_;
  int issued_ = 0;
};

}  // namespace

absl::StatusOr<Pace> Releaser::ReleaseOnce(absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<AccountName> accounts,
                   store_.ListAccounts());
  Pace pace = Pace::kRest;
  absl::Status first_error;
  for (const AccountName& account : accounts) {
    absl::StatusOr<Pace> released = ReleaseFor(account, now);
    if (!released.ok()) {
      first_error.Update(Annotate(released.status(), account.ToString()));
    } else if (*released == Pace::kAgain) {
      pace = Pace::kAgain;
    }
  }
  if (!first_error.ok()) return first_error;
  return pace;
}

// The next people that the release is about.
absl::StatusOr<std::vector<EnrollmentStore::PersonRow>> Releaser::PeopleOf(
    const AccountName& account, const Release& release) const {
  if (release.user().empty()) {
    return store_.ListPeople(account, release.position(), kPeoplePerStep);
  }
  ASSIGN_OR_RETURN(absl::optional<Person> person,
                   store_.GetPerson(UserName(account, release.user())));
  std::vector<EnrollmentStore::PersonRow> people;
  if (person.has_value()) {
    people.push_back({release.user(), *std::move(person)});
  }
  return people;
}

absl::StatusOr<Pace> Releaser::ReleaseFor(const AccountName& account,
                                          absl::Time now) {
  ASSIGN_OR_RETURN(const auto next, store_.NextRelease(account));
  if (!next.has_value()) return Pace::kRest;
  Release release = next->release;

  Step step(store_, links_, account, release, now);
  step.batch().ExpectValue(next->key, Serialize(release));
  bool done = true;
  if (release.wanted()) {
    ASSIGN_OR_RETURN(const std::vector<EnrollmentStore::PersonRow> people,
                     PeopleOf(account, release));
    ASSIGN_OR_RETURN(const auto directory,
                     store_.GetDirectory(account, release.directory()));
    const DirectoryOptions options = OptionsOf(directory);
    for (const auto& [id, person] : people) {
      RETURN_IF_ERROR(
          step.IssueWhereDue(UserName(account, id), person, options));
      release.set_position(id);
    }
    release.set_queued_count(release.queued_count() + step.issued());
    done = static_cast<int>(people.size()) < kPeoplePerStep;
  }
  if (done) {
    step.batch().Delete(next->key);
    ReleaseState state;
    state.set_last_released_run(release.run());
    step.batch().Put(ReleaseStateKey(), Serialize(state));
  } else {
    step.batch().Put(next->key, Serialize(release));
  }
  const absl::Status committed = step.Commit();
  // The feed has told of somebody among these people meanwhile: look again.
  if (absl::IsAborted(committed)) return Pace::kAgain;
  RETURN_IF_ERROR(committed);
  static prometheus::Counter& queued =
      Counter("rollcall_enrollment_mails_queued_total",
              "Mails that were decided to be sent.");
  queued.Increment(step.issued());
  if (done) {
    LogInfo("mails_released", {{"run", release.run()},
                               {"wanted", release.wanted()},
                               {"queued", release.queued_count()}});
  }
  return Pace::kAgain;
}

}  // namespace rollcall::enrollment
