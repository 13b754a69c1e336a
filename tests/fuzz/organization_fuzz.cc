// What the token endpoint and /organization answer.
#include "absl/strings/ascii.h"
#include "services/authorization/entra_json.h"
#include "tests/fuzz/properties.h"

namespace rollcall::fuzz {
namespace {

void TellToken(const authorization::TokenReply& reply, Teller& teller) {
  using authorization::Classify;
  using authorization::ReplyClass;
  const ReplyClass verdict = Classify(reply.reply);
  const absl::string_view token = reply.access_token.Reveal();
  if (verdict == ReplyClass::kOk) {
    Require(!token.empty(), "a success has a token");
  }
  if (!token.empty()) {
    Require(reply.reply.error.empty(), "an error has no token");
    Require(reply.lifetime > absl::ZeroDuration() &&
                reply.lifetime <= absl::Hours(48),
            "a token lives for a while");
    for (const char c : token) {
      Require(absl::ascii_isgraph(c), "a token fits into a header");
    }
  }
  Require(reply.reply.codes.size() <= 16, "codes keep the limit");
  Require(reply.reply.well_formed || token.empty(),
          "what is malformed has no token");
  // These look at everything, and must bear it.
  teller.Raw(Describe(reply.reply));
  teller.Raw(absl::FormatDuration(LeastWait(reply.reply)));
  teller.Tell(RequiresReauthorization(reply.reply));
  teller.Tell(MayBeUnsettledConsent(reply.reply));
  teller.Raw(ReplyClassName(verdict));
  teller.Raw(token);
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rollcall::fuzz;
  namespace authorization = rollcall::authorization;
  const absl::string_view body = View(data, size);
  RequireSameTwice([body](Teller& teller) {
    for (const int status : {0, 200, 400, 401, 429, 503}) {
      TellToken(authorization::ParseTokenReply(status, body), teller);
    }
    const auto found = authorization::ParseOrganization(body);
    teller.Tell(found.has_value());
    if (!found.has_value()) return;
    Require(!found->id.empty(), "an organisation has an id");
    Require(found->display_name.size() <= 256, "a name keeps the limit");
    Require(rollcall::ToValidUtf8(found->display_name) == found->display_name,
            "a name is valid UTF-8");
    teller.Raw(found->id);
    teller.Raw(found->display_name);
  });
  return 0;
}
