#include "services/enrollment/projection.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/enrollment/keys.h"
#include "services/enrollment/mail_ledger.h"
#include "services/enrollment/records.h"

namespace rollcall::enrollment {

using reconciliation::v1::ChangeEvent;
using reconciliation::v1::Run;
using reconciliation::v1::RunFinished;
using rollcall::store::Batch;
using rollcall::store::Serialize;
using store::Directory;
using store::Enrollment;
using store::Mail;
using store::Person;
using store::Release;

namespace {

// What the events of one batch make of a user.
struct UserRows {
  absl::optional<Person> person_before;
  absl::optional<Person> person;
  absl::optional<Enrollment> enrollment_before;
  absl::optional<Enrollment> enrollment;
  bool purged = false;
};

// Whether the change ends a live cycle, and how.
Enrollment::End EndOf(const Person& person) {
  if (person.state() == Person::DISABLED ||
      person.state() == Person::PENDING_DELETION) {
    return Enrollment::REVOKED;
  }
  return person.device_count() > 0 ? Enrollment::COMPLETED
                                   : Enrollment::END_UNSPECIFIED;
}

class Changes {
 public:
  Changes(EnrollmentStore& store, const AccountName& account, Batch* batch)
      : store_(store), account_(account), batch_(batch) {}

  absl::Status Add(const ChangeEvent& event) {
    switch (event.change_case()) {
      case ChangeEvent::kUserChange:
        return ChangeUser(event.user_change().user());
      case ChangeEvent::kUserPurge:
        return PurgeUser(event.user_purge().name());
      case ChangeEvent::kRunFinished:
        return FinishRun(event.sequence(), event.run_finished());
      default:
        return absl::OkStatus();  // Groups, and events of a later version.
    }
  }

  absl::Status Finish() {
    for (const auto& [id, rows] : users_) {
      ReplacePerson(id, rows.person_before, rows.person, batch_);
      // Always, be it only as a condition: a link that was issued meanwhile
      // would otherwise survive the change.
      const bool changed =
          rows.enrollment.has_value() != rows.enrollment_before.has_value() ||
          (rows.enrollment.has_value() &&
           rows.enrollment->end() != rows.enrollment_before->end());
      if (changed) {
        ReplaceEnrollment(id, rows.enrollment_before, rows.enrollment, batch_);
      } else {
        ExpectEnrollment(id, rows.enrollment_before, batch_);
      }
      if (rows.purged) RETURN_IF_ERROR(ForgetMails(UserName(account_, id)));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<UserRows*> Rows(const std::string& name) {
    ASSIGN_OR_RETURN(const UserName user, UserName::Parse(name));
    if (user.account() != account_) {
      return DataLoss("FEED_FOREIGN_USER",
                      absl::StrCat("The feed of ", account_.ToString(),
                                   " tells of ", name, "."),
                      {{"account", account_.ToString()}, {"user", name}});
    }
    const auto found = users_.find(user.id());
    if (found != users_.end()) return &found->second;
    UserRows rows;
    ASSIGN_OR_RETURN(rows.person_before, store_.GetPerson(user));
    ASSIGN_OR_RETURN(rows.enrollment_before, store_.GetEnrollment(user));
    rows.person = rows.person_before;
    rows.enrollment = rows.enrollment_before;
    return &users_.emplace(user.id(), std::move(rows)).first->second;
  }

  absl::Status ChangeUser(const reconciliation::v1::User& user) {
    ASSIGN_OR_RETURN(UserRows* const rows, Rows(user.name()));
    rows->person = PersonOf(user);
    // A dead link stays dead: a user who comes back gets a new one (R93).
    const Enrollment::End end = EndOf(*rows->person);
    if (rows->enrollment.has_value() &&
        rows->enrollment->end() == Enrollment::END_UNSPECIFIED) {
      rows->enrollment->set_end(end);
    }
    return absl::OkStatus();
  }

  absl::Status PurgeUser(const std::string& name) {
    ASSIGN_OR_RETURN(UserRows* const rows, Rows(name));
    rows->person.reset();
    rows->enrollment.reset();
    rows->purged = true;
    return absl::OkStatus();
  }

  // The ledger keeps what happened, not whom it happened to. A mail without an
  // outcome yet is suppressed when its time comes, and forgets the address
  // then.
  absl::Status ForgetMails(const UserName& user) {
    ASSIGN_OR_RETURN(const std::vector<LedgerMail> mails,
                     store_.mails().ListOfUser(user));
    for (const LedgerMail& ledger_mail : mails) {
      const Mail& before = ledger_mail.mail;
      if (before.state() == Mail::QUEUED || before.state() == Mail::SENDING) {
        continue;
      }
      Mail after = before;
      after.clear_recipient();
      after.clear_server_reply();  // Servers quote the address.
      MailChanges(account_, "projection")
          .Replace(ledger_mail.id, before, after, batch_);
    }
    return absl::OkStatus();
  }

  absl::Status FinishRun(int64_t sequence, const RunFinished& finished) {
    ASSIGN_OR_RETURN(const DirectoryName directory,
                     DirectoryName::Parse(finished.directory()));
    Directory options;
    options.set_enrollment_mail_enabled(finished.enrollment_mail_enabled());
    options.set_phone_import_enabled(finished.phone_import_enabled());
    batch_->Put(DirectoryKey(directory.id()), Serialize(options));

    // A release for every run, be there nothing to decide: whoever waits for
    // it sees it pass, in order.
    Release release;
    release.set_run(finished.run().name());
    release.set_directory(directory.id());
    // What an undone run had mailed about is not mailed about again (B5).
    release.set_wanted(finished.enrollment_mail_enabled() &&
                       finished.run().state() != Run::FAILED &&
                       finished.run().kind() != Run::REVERT);
    if (!finished.user().empty()) {
      ASSIGN_OR_RETURN(const UserName user, UserName::Parse(finished.user()));
      release.set_user(user.id());
    }
    batch_->Put(ReleaseKey(sequence), Serialize(release));
    return absl::OkStatus();
  }

  EnrollmentStore& store_;
  const AccountName account_;
  Batch* const batch_;
  std::map<std::string, UserRows> users_;
};

}  // namespace

absl::Status Projection::Apply(const AccountName& account,
                               const std::vector<ChangeEvent>& events,
                               Batch* batch) {
  Changes changes(store_, account, batch);
  for (const ChangeEvent& event : events) RETURN_IF_ERROR(changes.Add(event));
  return changes.Finish();
}

absl::StatusOr<std::vector<std::string>> Projection::ListUsers(
    const AccountName& account, const std::string& after, int limit) {
  ASSIGN_OR_RETURN(const std::vector<EnrollmentStore::PersonRow> people,
                   store_.ListPeople(account, after, limit));
  std::vector<std::string> users;
  users.reserve(people.size());
  for (const auto& row : people) users.push_back(row.user);
  return users;
}

}  // namespace rollcall::enrollment
