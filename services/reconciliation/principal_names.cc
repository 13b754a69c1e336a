#include "services/reconciliation/principal_names.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/username_form.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::Reader;

bool IsMeant(const UserRecord& record, const std::string& directory,
             absl::string_view user_principal_name) {
  const Claim* claim = record.user.ClaimOf(directory);
  return claim != nullptr &&
         (absl::EqualsIgnoreCase(claim->user_principal_name,
                                 user_principal_name) ||
          absl::EqualsIgnoreCase(claim->username_origin, user_principal_name));
}

absl::StatusOr<std::vector<std::string>> IndexedUsers(
    const Reader& reader, const std::string& account,
    const std::string& directory, const std::string& name) {
  auto cursor = reader.Scan(
      account, KeyRange::Prefix(keys::UsersByPrincipalName(directory, name)));
  std::vector<std::string> ids;
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    if (!entry.has_value()) return ids;
    std::string of, called;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("users_by_upn")
                        .String(&of)
                        .String(&called)
                        .String(&ids.emplace_back())
                        .Finish());
  }
}

}  // namespace

std::vector<std::string> PrincipalNameKeys(const User& user) {
  std::vector<std::string> keys;
  auto add = [&](const Claim& claim, const std::string& name) {
    if (name.empty() || IsUsernameOf(user.username, name)) return;
    keys.push_back(keys::UserByPrincipalName(
        claim.directory, absl::AsciiStrToLower(name), user.id));
  };
  for (const Claim& claim : user.claims) {
    add(claim, claim.user_principal_name);
    if (!absl::EqualsIgnoreCase(claim.user_principal_name,
                                claim.username_origin)) {
      add(claim, claim.username_origin);
    }
  }
  return keys;
}

absl::StatusOr<absl::optional<UserRecord>> FindUserByPrincipalName(
    const Reader& reader, const std::string& account,
    const std::string& directory, absl::string_view user_principal_name) {
  const IdentityReader identities(reader, account);
  absl::optional<UserRecord> found;
  auto look_at = [&](absl::optional<UserRecord> record) {
    if (!record.has_value() ||
        !IsMeant(*record, directory, user_principal_name)) {
      return;
    }
    if (!found.has_value() || found->user.pending_deletion()) {
      found = std::move(record);
    }
  };
  for (const bool normalization : {false, true}) {
    ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                     identities.FindUserByUsername(
                         UsernameOf(user_principal_name, normalization)));
    look_at(std::move(record));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                   IndexedUsers(reader, account, directory,
                                absl::AsciiStrToLower(user_principal_name)));
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                     identities.FindUser(id));
    look_at(std::move(record));
  }
  return found;
}

}  // namespace rollcall::reconciliation
