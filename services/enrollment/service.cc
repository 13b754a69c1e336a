#include "services/enrollment/service.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/feed/feed_position.h"
#include "common/identity/resource_name.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/enrollment/cycle.h"
#include "services/enrollment/mail_key.h"
#include "services/enrollment/mail_template.h"
#include "services/enrollment/records.h"
#include "services/enrollment/settings.h"

namespace rollcall::enrollment {
namespace {

constexpr char kSettingsCollection[] = "enrollmentSettings";

v1::Enrollment::State ToMessage(CycleState state) {
  switch (state) {
    case CycleState::kPending:
      return v1::Enrollment::PENDING;
    case CycleState::kExpired:
      return v1::Enrollment::EXPIRED;
    case CycleState::kRevoked:
      return v1::Enrollment::REVOKED;
    case CycleState::kCompleted:
      return v1::Enrollment::COMPLETED;
  }
  return v1::Enrollment::STATE_UNSPECIFIED;
}

v1::Mail ToMessage(const AccountName& account, const LedgerMail& ledger_mail) {
  const store::Mail& row = ledger_mail.mail;
  v1::Mail mail;
  mail.set_name(MailName(account, ledger_mail.id).ToString());
  mail.set_user(UserName(account, row.user()).ToString());
  mail.set_kind(row.kind() == kInitialMail ? v1::Mail::INITIAL
                                           : v1::Mail::KIND_UNSPECIFIED);
  mail.set_cycle(row.cycle());
  mail.set_recipient(row.recipient());
  // The store numbers the states as the contract does.
  mail.set_state(static_cast<v1::Mail::State>(row.state()));
  mail.set_message_id(absl::StrCat("<", row.message_id(), ">"));
  mail.set_attempt_count(row.attempt_count());
  mail.set_server_reply(row.server_reply());
  mail.set_reason(row.reason());
  *mail.mutable_create_time() = row.create_time();
  if (row.has_next_attempt_time()) {
    *mail.mutable_next_attempt_time() = row.next_attempt_time();
  }
  if (row.has_end_time()) *mail.mutable_end_time() = row.end_time();
  return mail;
}

// `accounts/{account}/enrollmentSettings`: a singleton has no id of its own.
absl::StatusOr<AccountName> ParseSettingsName(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() == 3 && parts[2] == kSettingsCollection) {
    return AccountName::Parse(absl::StrCat(parts[0], "/", parts[1]));
  }
  return InvalidArgument(
      "NAME_INVALID",
      absl::StrCat("\"", name, "\" is not of the form accounts/{account}/",
                   kSettingsCollection, "."),
      {{"field", "name"}, {"name", name}});
}

std::string EtagOf(const store::Settings& settings) {
  return absl::StrCat("\"", settings.version(), "\"");
}

// The mails after `after`, of one user or, with an empty `user`, of all.
absl::StatusOr<std::vector<LedgerMail>> MailsAfter(const MailLedger& ledger,
                                                   const AccountName& account,
                                                   const std::string& user,
                                                   const std::string& after,
                                                   int limit) {
  if (user.empty()) return ledger.List(account, after, limit);
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(user));
  // The access to the parent was checked, and to nothing else (R22).
  if (name.account() != account) {
    return InvalidArgument(
        "PARENT_MISMATCH",
        absl::StrCat("The user must be of ", account.ToString(), "."),
        {{"field", "user"}, {"parent", account.ToString()}});
  }
  ASSIGN_OR_RETURN(std::vector<LedgerMail> mails, ledger.ListOfUser(name));
  std::erase_if(mails,
                [&](const LedgerMail& mail) { return mail.id <= after; });
  if (mails.size() > static_cast<size_t>(limit)) mails.resize(limit);
  return mails;
}

}  // namespace

EnrollmentServiceImpl::EnrollmentServiceImpl(EnrollmentStore& store,
                                             Clock& clock,
                                             MailIdentity identity,
                                             rpc::Edge edge)
    : store_(store),
      clock_(clock),
      identity_(std::move(identity)),
      edge_(std::move(edge)) {}

absl::StatusOr<v1::ListPendingEnrollmentsResponse>
EnrollmentServiceImpl::ListPending(
    const v1::ListPendingEnrollmentsRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope =
      absl::StrCat("ListPendingEnrollments ", account.ToString());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  ASSIGN_OR_RETURN(std::vector<std::string> users,
                   store_.ListPending(account, after, page_size + 1));

  v1::ListPendingEnrollmentsResponse response;
  if (static_cast<int>(users.size()) > page_size) {
    users.pop_back();
    response.set_next_page_token(rpc::MakePageToken(scope, users.back()));
  }
  for (const std::string& user : users) {
    ASSIGN_OR_RETURN(absl::optional<v1::Enrollment> enrollment,
                     Load(UserName(account, user)));
    // One that has ended since the list was read is no longer pending.
    if (enrollment.has_value()) {
      *response.add_enrollments() = *std::move(enrollment);
    }
  }
  return response;
}

absl::StatusOr<v1::Enrollment> EnrollmentServiceImpl::Get(
    const v1::GetEnrollmentRequest& request) const {
  ASSIGN_OR_RETURN(const EnrollmentName name,
                   EnrollmentName::Parse(request.name()));
  ASSIGN_OR_RETURN(absl::optional<v1::Enrollment> enrollment,
                   Load(UserName(name.account(), name.id())));
  if (enrollment.has_value()) return *std::move(enrollment);
  return NotFound(
      "ENROLLMENT_NOT_FOUND",
      absl::StrCat("No link was issued under the name ", name.ToString(), "."),
      {{"name", name.ToString()}});
}

absl::StatusOr<v1::ListMailsResponse> EnrollmentServiceImpl::ListMails(
    const v1::ListMailsRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope =
      absl::StrCat("ListMails ", account.ToString(), " ", request.user());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));

  v1::ListMailsResponse response;
  // What was released is read before the mails: whoever sees a run's name here
  // sees its mails too.
  ASSIGN_OR_RETURN(const auto release, store_.NextRelease(account));
  response.set_releasing(release.has_value());
  ASSIGN_OR_RETURN(*response.mutable_last_released_run(),
                   store_.LastReleasedRun(account));
  ASSIGN_OR_RETURN(std::vector<LedgerMail> mails,
                   MailsAfter(store_.mails(), account, request.user(), after,
                              page_size + 1));
  if (static_cast<int>(mails.size()) > page_size) {
    mails.pop_back();
    response.set_next_page_token(rpc::MakePageToken(scope, mails.back().id));
  }
  for (const LedgerMail& mail : mails) {
    *response.add_mails() = enrollment::ToMessage(account, mail);
  }
  ASSIGN_OR_RETURN(const auto counts, store_.mails().Counts(account));
  for (const auto& [state, count] : counts) {
    if (count == 0) continue;
    const auto name = v1::Mail::State_Name(static_cast<v1::Mail::State>(state));
    (*response.mutable_state_counts())[name] = count;
  }
  return response;
}

absl::StatusOr<v1::EnrollmentSettings> EnrollmentServiceImpl::GetSettings(
    const v1::GetEnrollmentSettingsRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   ParseSettingsName(request.name()));
  ASSIGN_OR_RETURN(const store::Settings settings, store_.GetSettings(account));
  return ToMessage(account, settings);
}

absl::StatusOr<v1::EnrollmentSettings> EnrollmentServiceImpl::UpdateSettings(
    const v1::UpdateEnrollmentSettingsRequest& request) {
  const v1::EnrollmentSettings& update = request.settings();
  ASSIGN_OR_RETURN(const AccountName account, ParseSettingsName(update.name()));
  ASSIGN_OR_RETURN(const store::Settings before, store_.GetSettings(account));
  if (!update.etag().empty() && update.etag() != EtagOf(before)) {
    return Aborted(
        "ETAG_MISMATCH",
        absl::StrCat("The settings of ", account.ToString(),
                     " have been changed meanwhile; read them again."),
        {{"name", update.name()}, {"etag", EtagOf(before)}});
  }
  ASSIGN_OR_RETURN(
      const MailTexts texts,
      UpdateTexts({.subject = before.subject(), .body = before.body()},
                  {.subject = update.subject(), .body = update.body()},
                  {request.update_mask().paths().begin(),
                   request.update_mask().paths().end()}));
  store::Settings after;
  after.set_subject(texts.subject);
  after.set_body(texts.body);
  after.set_version(before.version() + 1);
  if (!request.validate_only()) {
    RETURN_IF_ERROR(store_.ReplaceSettings(account, before, after));
  }
  return ToMessage(account, after);
}

absl::StatusOr<absl::optional<v1::Enrollment>> EnrollmentServiceImpl::Load(
    const UserName& user) const {
  ASSIGN_OR_RETURN(const absl::optional<store::Enrollment> row,
                   store_.GetEnrollment(user));
  if (!row.has_value()) return absl::optional<v1::Enrollment>();
  ASSIGN_OR_RETURN(const absl::optional<store::Person> person,
                   store_.GetPerson(user));
  v1::Enrollment enrollment;
  enrollment.set_name(EnrollmentName(user.account(), user.id()).ToString());
  enrollment.set_user(user.ToString());
  enrollment.set_state(
      enrollment::ToMessage(StateAt(CycleOf(*row), clock_.TimeNow())));
  if (person.has_value()) enrollment.set_email(person->email());
  enrollment.set_cycle(row->cycle());
  *enrollment.mutable_issue_time() = row->issue_time();
  *enrollment.mutable_expire_time() = row->expire_time();
  return absl::optional<v1::Enrollment>(std::move(enrollment));
}

v1::EnrollmentSettings EnrollmentServiceImpl::ToMessage(
    const AccountName& account, const store::Settings& settings) const {
  v1::EnrollmentSettings message;
  message.set_name(absl::StrCat(account.ToString(), "/", kSettingsCollection));
  message.set_subject(settings.subject().empty() ? std::string(kDefaultSubject)
                                                 : settings.subject());
  message.set_body(settings.body().empty() ? std::string(kDefaultBody)
                                           : settings.body());
  message.set_sender(identity_.sender.value());
  message.set_message_id_domain(identity_.message_id_domain);
  message.set_etag(EtagOf(settings));
  return message;
}

absl::StatusOr<v1::ResyncFeedResponse> EnrollmentServiceImpl::Resync(
    const v1::ResyncFeedRequest& request) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  v1::ResyncFeedResponse response;
  ASSIGN_OR_RETURN(*response.mutable_lost(),
                   feed::RequestResync(account, store_.base()));
  return response;
}

}  // namespace rollcall::enrollment
