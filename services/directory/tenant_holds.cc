#include "services/directory/tenant_holds.h"

#include <algorithm>
#include <string>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Batch;
using ::rollcall::store::GetMessage;
using ::rollcall::store::Key;
using ::rollcall::store::kInstallation;
using ::rollcall::store::Serialize;
using store::StoredHold;

// Eight requests of a tenant at once may be told at once.
constexpr int kMaxTries = 16;
// They are told the same within moments: one commit is enough.
constexpr absl::Duration kGrain = absl::Seconds(1);

std::string HoldKey(absl::string_view tenant_id) {
  return Key("holds").String(tenant_id).Build();
}

absl::Duration LeftOf(const StoredHold& hold, absl::Time now) {
  const absl::Time until = FromTimestamp(hold.retry_time());
  const absl::Duration asked = until - FromTimestamp(hold.time());
  return std::max(absl::ZeroDuration(), std::min(until - now, asked));
}

}  // namespace

absl::StatusOr<absl::Duration> TenantHolds::Left(absl::string_view tenant_id,
                                                 absl::Time now) const {
  ASSIGN_OR_RETURN(
      const absl::optional<StoredHold> hold,
      GetMessage<StoredHold>(store_, kInstallation, HoldKey(tenant_id)));
  return hold.has_value() ? LeftOf(*hold, now) : absl::ZeroDuration();
}

absl::Status TenantHolds::Extend(absl::string_view tenant_id,
                                 absl::Duration duration, absl::Time now) {
  const std::string key = HoldKey(tenant_id);
  absl::Status status;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    ASSIGN_OR_RETURN(const absl::optional<StoredHold> before,
                     GetMessage<StoredHold>(store_, kInstallation, key));
    if (before.has_value() && LeftOf(*before, now) >= duration) {
      return absl::OkStatus();
    }
    StoredHold after;
    *after.mutable_time() = ToTimestamp(now);
    *after.mutable_retry_time() =
        ToTimestamp(now + absl::Ceil(duration, kGrain));
    Batch batch(kInstallation);
    if (before.has_value()) {
      batch.ExpectValue(key, Serialize(*before));
    } else {
      batch.ExpectAbsent(key);
    }
    batch.Put(key, Serialize(after));
    status = store_.Commit(batch);
    if (!absl::IsAborted(status)) return status;
  }
  return status;
}

}  // namespace rollcall::directory
