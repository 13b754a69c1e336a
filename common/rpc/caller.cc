#include "common/rpc/caller.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/status/errors.h"

namespace rollcall::rpc {
namespace {

constexpr absl::string_view kScheme = "spiffe://";
constexpr absl::string_view kEveryAccount = "*";
constexpr size_t kMaxSegment = 128;

// The roles of auth.proto as SPIFFE ids write them.
constexpr absl::string_view kRoles[] = {
    "owner", "administrator", "user-manager", "help-desk", "read-only"};

// What services and accounts are called (AIP-122).
bool IsId(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxSegment &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

// What a path segment of a SPIFFE id may hold (SPIFFE-ID, section 2.2).
bool IsSegment(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxSegment &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
         });
}

bool IsRole(absl::string_view text) {
  return std::find(std::begin(kRoles), std::end(kRoles), text) !=
         std::end(kRoles);
}

std::string RoleAsInProto(absl::string_view role) {
  return absl::AsciiStrToUpper(absl::StrReplaceAll(role, {{"-", "_"}}));
}

absl::Status Invalid(absl::string_view spiffe_id,
                     absl::string_view trust_domain) {
  return Unauthenticated(
      "IDENTITY_INVALID",
      absl::StrCat("The certificate names ", spiffe_id,
                   ", which is no identity of ", trust_domain,
                   ": expected a service, or an account, a role and a name."),
      {{"spiffe_id", std::string(spiffe_id)},
       {"trust_domain", std::string(trust_domain)}});
}

}  // namespace

absl::StatusOr<Caller> Caller::Parse(absl::string_view spiffe_id,
                                     absl::string_view trust_domain) {
  const std::string prefix = absl::StrCat(kScheme, trust_domain, "/");
  if (trust_domain.empty() || !absl::StartsWith(spiffe_id, prefix)) {
    return Invalid(spiffe_id, trust_domain);
  }
  const std::vector<absl::string_view> path =
      absl::StrSplit(spiffe_id.substr(prefix.size()), '/');

  if (path.size() == 2 && path[0] == "service" && IsId(path[1])) {
    return Caller{.spiffe_id = std::string(spiffe_id),
                  .service = std::string(path[1])};
  }
  if (path.size() == 5 && path[0] == "account" &&
      (IsId(path[1]) || path[1] == kEveryAccount) && path[2] == "role" &&
      IsRole(path[3]) && IsSegment(path[4])) {
    return Caller{.spiffe_id = std::string(spiffe_id),
                  .account = std::string(path[1]),
                  .role = RoleAsInProto(path[3]),
                  .who = std::string(path[4])};
  }
  return Invalid(spiffe_id, trust_domain);
}

}  // namespace rollcall::rpc
