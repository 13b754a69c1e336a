#include "services/authorization/consent_proof.h"

#include <string>

#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace rollcall::authorization {
namespace {

using Kind = ProofStep::Kind;

constexpr char kTenant[] = "11111111-2222-3333-4444-555555555555";

TEST(ConsentProof, ATokenGoesOn) {
  EXPECT_EQ(JudgeProofToken({200, true, "", "", {}}).kind, Kind::kGoOn);
}

struct Row {
  const char* what;
  OAuthReply reply;
  Kind kind;
};

TEST(ConsentProof, WaitsOnlyForWhatMayHeal) {
  const Row rows[] = {
      {"not settled",
       {400, true, "unauthorized_client", "", {700016}},
       Kind::kTryAgain},
      {"not settled",
       {400, true, "unauthorized_client", "", {7000229}},
       Kind::kTryAgain},
      {"not settled",
       {400, true, "invalid_grant", "", {65001}},
       Kind::kTryAgain},
      {"busy", {503, false, "", "", {}}, Kind::kTryAgain},
      {"no answer", {0, false, "", "", {}}, Kind::kTryAgain},
      {"wrong secret",
       {401, true, "invalid_client", "", {7000215}},
       Kind::kRefused},
      {"declined", {400, true, "invalid_grant", "", {65004}}, Kind::kRefused},
      {"unknown", {400, true, "something_new", "", {}}, Kind::kRefused},
  };
  for (const Row& row : rows) {
    const ProofStep step = JudgeProofToken(row.reply);
    EXPECT_EQ(step.kind, row.kind) << row.what;
    EXPECT_FALSE(step.sentence.empty()) << row.what;
  }
}

TEST(ConsentProof, R3_OnlyTheClaimedTenantIsBelieved) {
  const ObjectId claimed = *ObjectId::Parse(kTenant);
  const auto judge = [&](const char* read) {
    return JudgeProofOrganization(absl::OkStatus(), read, claimed).kind;
  };
  EXPECT_EQ(judge(kTenant), Kind::kGoOn);
  EXPECT_EQ(judge("99999999-2222-3333-4444-555555555555"), Kind::kRefused);
  EXPECT_EQ(judge("contoso.com"), Kind::kRefused);
}

TEST(ConsentProof, PermissionsMayArriveLate) {
  const ObjectId claimed = *ObjectId::Parse(kTenant);
  const auto judge = [&](const absl::Status& read) {
    return JudgeProofOrganization(read, "", claimed).kind;
  };
  EXPECT_EQ(judge(PermissionDenied("GRAPH_REFUSED", "x")), Kind::kTryAgain);
  EXPECT_EQ(judge(Unavailable("GRAPH_BUSY", "x")), Kind::kTryAgain);
  EXPECT_EQ(judge(FailedPrecondition("GRAPH_UNEXPECTED", "x")), Kind::kRefused);
  EXPECT_EQ(judge(ResourceExhausted("HTTP_BODY_TOO_LARGE", "x")),
            Kind::kRefused);
}

}  // namespace
}  // namespace rollcall::authorization
