// `accounts/{account}/directories/{directory}/heldBatches/{batch}` as a type.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_HELD_BATCH_NAME_H_
#define ROLLCALL_SERVICES_RECONCILIATION_HELD_BATCH_NAME_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/identity/resource_name.h"

namespace rollcall::reconciliation {

struct HeldBatchName {
  DirectoryName directory;
  std::string id;

  // INVALID_ARGUMENT, reason NAME_INVALID, with what is expected.
  static absl::StatusOr<HeldBatchName> Parse(absl::string_view name);
  std::string ToString() const;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_HELD_BATCH_NAME_H_
