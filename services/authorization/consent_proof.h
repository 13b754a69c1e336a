// Judges the two steps that prove a tenant after consent: a token of our own,
// and the organisation that it reads. Pure.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_PROOF_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_PROOF_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/identity/values.h"
#include "services/authorization/oauth_reply.h"

namespace rollcall::authorization {

struct ProofStep {
  enum class Kind {
    kGoOn,      // The step succeeded.
    kTryAgain,  // Not yet, or trouble at their side.
    kRefused,   // Never; `sentence` says why.
  };
  Kind kind = Kind::kTryAgain;
  std::string sentence;
};

// After the token request.
ProofStep JudgeProofToken(const OAuthReply& reply);

// After /organization: `read` is how the call went, `organization_id` what it
// named, `claimed` the tenant that the redirect named.
ProofStep JudgeProofOrganization(const absl::Status& read,
                                 absl::string_view organization_id,
                                 const ObjectId& claimed);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_PROOF_H_
