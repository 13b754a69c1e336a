// Reads from the store what the question who may authenticate needs, and shows
// the answer as the contract has it.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_ACCESS_READER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_ACCESS_READER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/reconciliation/access_cache.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

struct AccessReading {
  KnownAccess known;          // Without an id: there is no such user.
  std::vector<Group> groups;  // That were looked at.
};

// `username` in lower case. `identities` must read one instant.
absl::StatusOr<AccessReading> ReadAccess(const std::string& username,
                                         const IdentityReader& identities);

v1::CheckAccessResponse ShowAccess(const KnownAccess& access,
                                   const std::string& account);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_ACCESS_READER_H_
