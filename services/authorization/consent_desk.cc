#include "services/authorization/consent_desk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/crypto/digest.h"
#include "common/identity/values.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/backoff.h"
#include "common/time/proto_time.h"
#include "services/authorization/consent_proof.h"

namespace rollcall::authorization {
namespace {

using store::PendingAuthorization;

constexpr size_t kStateBytes = 32;
constexpr BackoffPolicy kProofBackoff = {.initial = absl::Seconds(2),
                                         .maximum = absl::Seconds(30)};
// Spread does not matter for a person who waits.
constexpr double kNoJitter = 0.5;

absl::Status NotFoundError(const PendingAuthorizationName& name) {
  return NotFound(
      "PENDING_AUTHORIZATION_NOT_FOUND",
      absl::StrCat("No authorization is pending as ", name.ToString(),
                   ": it was confirmed, cancelled, or expired."),
      {{"pending_authorization", name.ToString()}});
}

PendingFacts FactsOfPending(const PendingAuthorization& pending,
                            const Redirect& redirect) {
  PendingFacts facts;
  facts.state_matches =
      ConstantTimeEquals(Sha256(redirect.state), pending.state_sha256());
  facts.state_used = pending.state() != PendingAuthorization::AWAITING_REDIRECT;
  facts.expire_time = FromTimestamp(pending.expire_time());
  const auto tenant = ObjectId::Parse(pending.requested_tenant());
  if (tenant.ok()) facts.tenant = *tenant;
  return facts;
}

// The end of a try that cannot succeed: the credential is of no use any more.
void Decline(std::string sentence, PendingAuthorization* pending) {
  pending->set_state(PendingAuthorization::DECLINED);
  pending->set_error_message(std::move(sentence));
  pending->clear_tenant_id();
  pending->clear_sealed_state();
  pending->mutable_registration()->clear_sealed_credential();
}

// Sets the time of the next try, before it and after it: whoever finds the
// record later goes on from there.
void ScheduleProof(absl::Time now, PendingAuthorization* pending) {
  pending->set_proof_attempts(pending->proof_attempts() + 1);
  *pending->mutable_next_proof_time() = ToTimestamp(
      now + BackoffDelay(kProofBackoff, pending->proof_attempts(), kNoJitter));
}

}  // namespace

Secret NewState(const PendingAuthorizationName& name) {
  return Secret(absl::StrCat(name.account().id(), ".", name.id(), ".",
                             Base64Url(RandomBytes(kStateBytes))));
}

absl::optional<PendingAuthorizationName> NameInState(absl::string_view state) {
  const std::vector<absl::string_view> parts = absl::StrSplit(state, '.');
  if (parts.size() != 3) return absl::nullopt;
  const auto name = PendingAuthorizationName::Parse(
      absl::StrCat("accounts/", parts[0], "/pendingAuthorizations/", parts[1]));
  if (!name.ok()) return absl::nullopt;
  return *name;
}

absl::StatusOr<StoredPending> ConsentDesk::Load(
    const PendingAuthorizationName& name) const {
  ASSIGN_OR_RETURN(absl::optional<StoredPending> stored,
                   store_.GetPending(name));
  if (!stored.has_value() ||
      clock_.TimeNow() >= FromTimestamp(stored->message.expire_time())) {
    return NotFoundError(name);
  }
  return *std::move(stored);
}

absl::StatusOr<StoredPending> ConsentDesk::Take(
    const PendingAuthorizationName& name, const Redirect& redirect) {
  ASSIGN_OR_RETURN(const StoredPending old, Load(name));
  const absl::Time now = clock_.TimeNow();
  const RedirectVerdict verdict =
      JudgeRedirect(FactsOfPending(old.message, redirect), redirect, now);
  PendingAuthorization pending = old.message;
  switch (verdict.kind) {
    case RedirectVerdict::Kind::kNotOurs:
      return PermissionDenied("STATE_MISMATCH",
                              "The redirect does not belong to this "
                              "authorization; nothing was changed.");
    case RedirectVerdict::Kind::kExpired:
      return NotFoundError(name);
    case RedirectVerdict::Kind::kUsed:
      return FailedPrecondition(
          "STATE_USED",
          "The login page came back already; a redirect is taken once.");
    case RedirectVerdict::Kind::kDeclined:
      Decline(verdict.sentence, &pending);
      RETURN_IF_ERROR(store_.UpdatePending(name, old, pending));
      LogInfo("consent_declined", {{"pending_authorization", name.ToString()}});
      return Load(name);
    case RedirectVerdict::Kind::kClaims:
      break;
  }
  // The state is used from here on, whatever happens to this process.
  pending.set_state(PendingAuthorization::PROVING);
  pending.set_tenant_id(verdict.tenant->value());
  pending.clear_sealed_state();
  *pending.mutable_expire_time() = ToTimestamp(now + kConfirmationTime);
  ScheduleProof(now, &pending);
  RETURN_IF_ERROR(store_.UpdatePending(name, old, pending));
  ASSIGN_OR_RETURN(const StoredPending claimed, Load(name));
  return Prove(name, claimed);
}

absl::StatusOr<StoredPending> ConsentDesk::Prove(
    const PendingAuthorizationName& name, const StoredPending& claimed) {
  PendingAuthorization pending = claimed.message;
  const store::Registration& registration = pending.registration();
  ASSIGN_OR_RETURN(const ObjectId tenant, ObjectId::Parse(pending.tenant_id()));
  ASSIGN_OR_RETURN(
      ClientCredential credential,
      vault_.OpenCredential(registration.sealed_credential(), name.ToString()));
  const TenantAccess access = {.login_origin = registration.login_origin(),
                               .graph_origin = registration.graph_origin(),
                               .tenant_id = tenant.value(),
                               .client_id = registration.client_id(),
                               .credential = std::move(credential)};

  const TokenAnswer answer = client_.RequestToken(access, clock_.TimeNow());
  ProofStep step = JudgeProofToken(answer.token.reply);
  Organization organization;
  if (step.kind == ProofStep::Kind::kGoOn) {
    auto read = client_.GetOrganization(access, answer.token.access_token,
                                        clock_.TimeNow());
    if (read.ok()) organization = *std::move(read);
    step = JudgeProofOrganization(read.status(), organization.id, tenant);
  }
  LogInfo("consent_proof", {{"pending_authorization", name.ToString()},
                            {"tenant", tenant.value()},
                            {"token", Describe(answer.token.reply)},
                            {"attempt", pending.proof_attempts()},
                            {"proved", step.kind == ProofStep::Kind::kGoOn}});

  switch (step.kind) {
    case ProofStep::Kind::kGoOn:
      pending.set_state(PendingAuthorization::AWAITING_CONFIRMATION);
      pending.set_organization_display_name(organization.display_name);
      pending.clear_error_message();
      break;
    case ProofStep::Kind::kRefused:
      Decline(step.sentence, &pending);
      break;
    case ProofStep::Kind::kTryAgain:
      pending.set_error_message(step.sentence);
      break;  // The next try is in the record and in the index already.
  }
  RETURN_IF_ERROR(store_.UpdatePending(name, claimed, pending));
  return Load(name);
}

absl::Status ConsentDesk::RunDue(const DueEntry& entry, absl::Time now) {
  ASSIGN_OR_RETURN(const absl::optional<StoredPending> stored,
                   store_.GetPending(entry.name));
  // No record, or one that is due later: that has an entry of its own.
  if (!stored.has_value() || DueTime(stored->message) > now) {
    return store_.DropDue(entry);
  }
  if (now >= FromTimestamp(stored->message.expire_time())) {
    RETURN_IF_ERROR(store_.DeletePending(entry.name, *stored));
    LogInfo("pending_authorization_expired",
            {{"pending_authorization", entry.name.ToString()}});
    return store_.DropDue(entry);
  }
  PendingAuthorization pending = stored->message;
  ScheduleProof(now, &pending);
  RETURN_IF_ERROR(store_.UpdatePending(entry.name, *stored, pending));
  RETURN_IF_ERROR(store_.DropDue(entry));
  ASSIGN_OR_RETURN(const StoredPending claimed, Load(entry.name));
  return Prove(entry.name, claimed).status();
}

}  // namespace rollcall::authorization
