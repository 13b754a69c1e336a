#include "services/authorization/consent_proof.h"

#include "absl/strings/str_cat.h"

namespace rollcall::authorization {
namespace {

using Kind = ProofStep::Kind;

}  // namespace

ProofStep JudgeProofToken(const OAuthReply& reply) {
  const ReplyClass reply_class = Classify(reply);
  if (reply_class == ReplyClass::kOk) return {.kind = Kind::kGoOn};
  if (MayBeUnsettledConsent(reply)) {
    return {.kind = Kind::kTryAgain,
            .sentence =
                absl::StrCat("The consent has not taken effect yet (",
                             Describe(reply), "); it is being tried again.")};
  }
  if (reply_class == ReplyClass::kTransient) {
    return {.kind = Kind::kTryAgain,
            .sentence =
                absl::StrCat("The login endpoint gives no token yet (",
                             Describe(reply), "); it is being tried again.")};
  }
  return {.kind = Kind::kRefused,
          .sentence = absl::StrCat(
              "The login endpoint refuses the client: ", Describe(reply), ".")};
}

ProofStep JudgeProofOrganization(const absl::Status& read,
                                 absl::string_view organization_id,
                                 const ObjectId& claimed) {
  if (read.ok()) {
    const auto id = ObjectId::Parse(organization_id);
    if (id.ok() && *id == claimed) return {.kind = Kind::kGoOn};
    return {.kind = Kind::kRefused,
            .sentence =
                absl::StrCat("The login page named the tenant ",
                             claimed.value(), ", but another one was read.")};
  }
  // A token made before the permissions arrived lacks them: 401 and 403 heal,
  // with a fresh one (protocol §1.1).
  if (absl::IsPermissionDenied(read) || absl::IsUnavailable(read)) {
    return {.kind = Kind::kTryAgain,
            .sentence =
                "The organisation cannot be read yet; it is being "
                "tried again."};
  }
  return {.kind = Kind::kRefused,
          .sentence = "The tenant's organisation cannot be read."};
}

}  // namespace rollcall::authorization
