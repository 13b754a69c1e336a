// What was stored before the source was asked about one user, so that its
// answer is not applied over what came meanwhile (R80).
//
// Two readings that overlap cannot be told apart by when they began: only an
// answer to a question that was asked after everything stored had been read is
// surely the newer one.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_BEFORE_ASKING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_BEFORE_ASKING_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

// One thread. Keep it no longer than the answer takes: it freezes an instant of
// the store.
class BeforeAsking {
 public:
  // Made before the question is sent. `store` must outlive this.
  BeforeAsking(const IdentityStore& store, DirectoryName directory)
      : directory_(std::move(directory)), rows_(store.Snapshot()) {}

  // Whether anything has been decided since about this object of the source, or
  // a reading of the whole directory is over since, which may have passed over
  // it and found nothing to change. `source_id` is empty if nobody is known.
  absl::StatusOr<bool> IsOvertaken(const std::string& source_id,
                                   const Transaction& now) const;

 private:
  const DirectoryName directory_;
  const std::unique_ptr<rollcall::store::Reader> rows_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_BEFORE_ASKING_H_
