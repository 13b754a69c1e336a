#include "services/authorization/worker.h"

#include <string>
#include <vector>

#include "common/log/log.h"
#include "common/status/status_macros.h"

namespace rollcall::authorization {
namespace {

constexpr int kMaxEntries = 16;
constexpr int kPage = 256;

absl::StatusOr<int> ResealAccount(AuthorizationStore& store, const Vault& vault,
                                  const AccountName& account) {
  int count = 0;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<StoredConnection> rows,
                     store.ListConnections(account, after, kPage));
    for (const StoredConnection& row : rows) {
      const std::string& sealed =
          row.message.registration().sealed_credential();
      if (vault.IsCurrent(sealed)) continue;
      const ConnectionName name(account, row.id);
      ASSIGN_OR_RETURN(const ClientCredential credential,
                       vault.OpenCredential(sealed, name.ToString()));
      store::Connection connection = row.message;
      connection.mutable_registration()->set_sealed_credential(
          vault.SealCredential(credential, name.ToString()));
      RETURN_IF_ERROR(store.UpdateConnection(name, row, connection));
      ++count;
    }
    if (static_cast<int>(rows.size()) < kPage) return count;
    after = rows.back().id;
  }
}

}  // namespace

absl::StatusOr<Pace> ConsentWorker::RunOnce(absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<DueEntry> entries,
                   store_.ListDue(now, kMaxEntries));
  absl::Status first_failure;
  for (const DueEntry& entry : entries) {
    first_failure.Update(desk_.RunDue(entry, now));
  }
  RETURN_IF_ERROR(first_failure);
  return entries.size() == kMaxEntries ? Pace::kAgain : Pace::kRest;
}

absl::Status ResealCredentials(AuthorizationStore& store, const Vault& vault) {
  int count = 0;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<StoredAccount> accounts,
                     store.ListAccounts(after, kPage));
    for (const StoredAccount& account : accounts) {
      ASSIGN_OR_RETURN(const int resealed,
                       ResealAccount(store, vault, AccountName(account.id)));
      count += resealed;
    }
    if (static_cast<int>(accounts.size()) < kPage) break;
    after = accounts.back().id;
  }
  if (count > 0) LogInfo("credentials_resealed", {{"count", count}});
  return absl::OkStatus();
}

}  // namespace rollcall::authorization
