// Seals the links of the tenant's change logs for storage. They are no
// credentials, but whoever could put another one in their place would decide
// what is read: so a link opens only for the directory, the tenant and the
// selection that it was sealed for.
#ifndef ROLLCALL_SERVICES_DIRECTORY_LINK_VAULT_H_
#define ROLLCALL_SERVICES_DIRECTORY_LINK_VAULT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/crypto/sealer.h"
#include "common/identity/resource_name.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// What a link is bound to.
struct LinkScope {
  DirectoryName directory;
  std::string tenant_id;
  std::string select;  // The attributes of users that are asked for.
};

// Immutable, thread-safe.
class LinkVault {
 public:
  // `sealer` must outlive the vault.
  explicit LinkVault(const Sealer& sealer) : sealer_(sealer) {}

  // `group_ids` as in StoredCursor.
  store::StoredCursor Seal(const LinkScope& scope, std::string group_ids,
                           absl::string_view link, absl::Time now) const;

  // DATA_LOSS, reason SEAL_BROKEN, or FAILED_PRECONDITION, reason
  // SEAL_KEY_UNKNOWN: the link is good for nothing, read everything again.
  absl::StatusOr<std::string> Open(const LinkScope& scope,
                                   const store::StoredCursor& cursor) const;

 private:
  const Sealer& sealer_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_LINK_VAULT_H_
