// Seals what must not be read from the store: client credentials and the
// `state` of a pending consent, each for the one record it belongs to.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_VAULT_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_VAULT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/crypto/sealer.h"
#include "services/authorization/client_credential.h"

namespace rollcall::authorization {

// Thread-safe. `record` is the resource name of the record that holds the
// sealed value; a value moved to another record does not open.
class Vault {
 public:
  // `sealer` must outlive this.
  explicit Vault(const Sealer& sealer) : sealer_(sealer) {}

  std::string SealCredential(const ClientCredential& credential,
                             absl::string_view record) const {
    return sealer_.Seal(credential.Serialize(),
                        absl::StrCat(record, "#credential"));
  }
  absl::StatusOr<ClientCredential> OpenCredential(
      absl::string_view sealed, absl::string_view record) const {
    const absl::StatusOr<Secret> bytes =
        sealer_.Open(sealed, absl::StrCat(record, "#credential"));
    if (!bytes.ok()) return bytes.status();
    return ClientCredential::Parse(*bytes);
  }

  std::string SealState(const Secret& state, absl::string_view record) const {
    return sealer_.Seal(state, absl::StrCat(record, "#state"));
  }
  absl::StatusOr<Secret> OpenState(absl::string_view sealed,
                                   absl::string_view record) const {
    return sealer_.Open(sealed, absl::StrCat(record, "#state"));
  }

  // Whether the value was sealed under today's key.
  bool IsCurrent(absl::string_view sealed) const {
    return sealer_.IsCurrent(sealed);
  }

 private:
  const Sealer& sealer_;
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_VAULT_H_
