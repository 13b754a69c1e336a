#include "services/enrollment/attempt.h"

#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "common/status/utf8.h"
#include "common/time/proto_time.h"
#include "services/enrollment/cycle.h"
#include "services/enrollment/display_name.h"
#include "services/enrollment/eligibility.h"
#include "services/enrollment/mail_message.h"
#include "services/enrollment/mail_schedule.h"
#include "services/enrollment/mail_template.h"
#include "services/enrollment/records.h"

namespace rollcall::enrollment {

using rollcall::store::Batch;
using store::Enrollment;
using store::Mail;
using store::Person;
using store::Settings;

namespace {

void End(Mail::State state, absl::string_view reason, absl::Time now,
         Mail* mail) {
  mail->set_state(state);
  mail->set_reason(std::string(reason));
  mail->clear_next_attempt_time();
  *mail->mutable_end_time() = ToTimestamp(now);
}

void TryLater(absl::Time now, Mail* mail) {
  const absl::optional<absl::Time> next =
      NextAttempt(FromTimestamp(mail->create_time()), mail->attempt_count(),
                  now, absl::Uniform(absl::BitGen(), 0.0, 1.0));
  if (!next.has_value()) {
    End(Mail::FAILED, "GIVEN_UP", now, mail);
    return;
  }
  mail->set_state(Mail::QUEUED);
  *mail->mutable_next_attempt_time() = ToTimestamp(*next);
}

void Record(const SendReport& report, absl::Time now, Mail* mail) {
  // A server may say anything, and a message holds UTF-8 only.
  mail->set_server_reply(ToValidUtf8(report.reply));
  switch (report.outcome) {
    case MailOutcome::kSent:
      return End(Mail::SENT, "", now, mail);
    case MailOutcome::kFailed:
      return End(Mail::FAILED, "REFUSED", now, mail);
    case MailOutcome::kUnknown:
      return End(Mail::UNKNOWN, "NO_REPLY_AFTER_FINAL_DOT", now, mail);
    case MailOutcome::kRetry:
    case MailOutcome::kUnreachable:
      return TryLater(now, mail);
  }
}

absl::StatusOr<std::string> Render(const EmailAddress& sender,
                                   const EmailAddress& recipient,
                                   const Settings& settings, const Mail& mail,
                                   const Placeholders& placeholders,
                                   absl::Time now) {
  const absl::string_view subject = settings.subject().empty()
                                        ? kDefaultSubject
                                        : absl::string_view(settings.subject());
  const absl::string_view body = settings.body().empty()
                                     ? kDefaultBody
                                     : absl::string_view(settings.body());
  return BuildMessage({.sender = sender,
                       .recipient = recipient,
                       .subject = Fill(subject, placeholders),
                       .body = Fill(body, placeholders),
                       .message_id = mail.message_id(),
                       .date = now});
}

// What a mail calls its reader: the name, or what precedes the `@`.
std::string NameOf(const Person& person) {
  std::string name = CleanDisplayName(person.display_name());
  if (!name.empty()) return name;
  const absl::string_view email = person.email();
  return CleanDisplayName(email.substr(0, email.find('@')));
}

}  // namespace

Attempter::Attempter(EnrollmentStore& store,
                     ReconciliationClient& reconciliation,
                     MailSender& mail_sender, const LinkMaker& links,
                     EmailAddress sender)
    : store_(store),
      reconciliation_(reconciliation),
      mail_sender_(mail_sender),
      links_(links),
      sender_(std::move(sender)) {}

absl::StatusOr<AttemptResult> Attempter::Try(const AccountName& account,
                                             const LedgerMail& ledger_mail,
                                             absl::Time now) {
  AttemptResult result = {.after = ledger_mail.mail};
  Mail* const mail = &result.after;
  const UserName user(account, mail->user());
  ASSIGN_OR_RETURN(const absl::optional<Person> person, Freshest(user));
  ASSIGN_OR_RETURN(const absl::optional<Enrollment> enrollment,
                   store_.GetEnrollment(user));
  ASSIGN_OR_RETURN(const std::string why_not,
                   WhyNot(user, *mail, person, enrollment, now));
  if (!why_not.empty()) {  // A18: dropped, not kept.
    End(Mail::SUPPRESSED, why_not, now, mail);
    // A device ends the cycle in its own way (R88), when the feed tells of it.
    result.ends_cycle = why_not != EligibilityName(Eligibility::kHasDevice);
    return result;
  }

  // A changed address redirects what is still to be sent (R93).
  mail->set_recipient(person->email());
  ASSIGN_OR_RETURN(const EmailAddress recipient,
                   EmailAddress::Parse(person->email()));
  const absl::StatusOr<Secret> token = TokenFor(user, *enrollment);
  if (absl::IsAborted(token.status())) {
    // The feed has changed the cycle at this instant: look again.
    mail->set_state(Mail::QUEUED);
    return result;
  }
  RETURN_IF_ERROR(token.status());
  ASSIGN_OR_RETURN(const Settings settings, store_.GetSettings(account));
  const absl::StatusOr<std::string> message =
      Render(sender_, recipient, settings, *mail,
             {.link = links_.Link(*token), .name = NameOf(*person)}, now);
  if (!message.ok()) {
    LogError("mail_not_renderable",
             {{"mail", ledger_mail.id}, {"error", message.status()}});
    End(Mail::FAILED, "NOT_RENDERABLE", now, mail);
    return result;
  }

  absl::Status noted;
  const SendReport report = mail_sender_.Send(
      {.sender = sender_, .recipient = recipient, .message = *message}, [&] {
        noted = store_.mails().NoteFinalDot(account, ledger_mail.id,
                                            mail->attempt_count());
        return noted;
      });
  RETURN_IF_ERROR(noted);
  Record(report, now, mail);
  result.unreachable = report.outcome == MailOutcome::kUnreachable;
  return result;
}

absl::StatusOr<absl::optional<Person>> Attempter::Freshest(
    const UserName& user) {
  if (!reconciliation_down_) {
    const auto fresh = reconciliation_.GetUser(user);
    if (fresh.ok()) return absl::optional<Person>(PersonOf(*fresh));
    if (absl::IsNotFound(fresh.status())) return absl::optional<Person>();
    if (!reconciliation_down_.exchange(true)) {
      LogWarning("reconciliation_unreachable", {{"error", fresh.status()}});
    }
  }
  return store_.GetPerson(user);
}

absl::StatusOr<std::string> Attempter::WhyNot(
    const UserName& user, const Mail& mail,
    const absl::optional<Person>& person,
    const absl::optional<Enrollment>& enrollment, absl::Time now) {
  if (!person.has_value()) return std::string("USER_DELETED");
  ASSIGN_OR_RETURN(const auto directory,
                   store_.GetDirectory(user.account(), mail.directory()));
  const Eligibility eligibility =
      Judge(CandidateOf(*person, mail.directory()), OptionsOf(directory));
  if (eligibility != Eligibility::kEligible) {
    return std::string(EligibilityName(eligibility));
  }
  if (!enrollment.has_value() || enrollment->cycle() != mail.cycle()) {
    return std::string("CYCLE_OVER");
  }
  switch (StateAt(CycleOf(*enrollment), now)) {
    case CycleState::kPending:
      return std::string();
    case CycleState::kExpired:
      return std::string("LINK_EXPIRED");
    case CycleState::kRevoked:
      return std::string("LINK_REVOKED");
    case CycleState::kCompleted:
      return std::string("USER_ENROLLED");
  }
  return std::string("CYCLE_OVER");
}

absl::StatusOr<Secret> Attempter::TokenFor(const UserName& user,
                                           const Enrollment& enrollment) {
  const Secret token = links_.Token(user, enrollment.cycle());
  if (HashOf(token) == enrollment.link_hash()) return token;
  Enrollment after = enrollment;
  after.set_link_hash(HashOf(token));
  Batch batch(user.account().id());
  ReplaceEnrollment(user.id(), enrollment, after, &batch);
  RETURN_IF_ERROR(store_.base().Commit(batch));
  return token;
}

}  // namespace rollcall::enrollment
