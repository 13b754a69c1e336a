// Remembers how far our own services have followed the feed, so that no event
// is dropped that they have not taken.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_CONSUMERS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_CONSUMERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

// How long a service that is not heard of any more is waited for.
inline constexpr absl::Duration kConsumerPatience = absl::Hours(24 * 90);

struct FeedConsumer {
  std::string service;
  // It has taken the events up to here, or more.
  int64_t sequence = 0;
  // How long it has not been heard of.
  absl::Duration silence;
};

// Notes that `service` has stored the effects of all events up to `sequence`.
// Writes at most once an hour, unless the service begins or has gone back: a
// place that is too early keeps events a little longer, nothing else.
absl::Status NoteConsumer(IdentityStore& store, const std::string& account,
                          const std::string& service, int64_t sequence,
                          absl::Time now);

// How often CountSilence wants to be called.
inline constexpr absl::Duration kSilenceTick = absl::Hours(1);

// Counts how long each service of ours has been silent, by what was seen to
// pass: two ticks at most since the last call, so that neither a jump of the
// clock nor a long time in which nobody could be heard makes a service look
// gone.
absl::Status CountSilence(absl::Time now, Transaction& transaction);

absl::StatusOr<std::vector<FeedConsumer>> ListConsumers(
    const rollcall::store::Reader& reader, const std::string& account);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_CONSUMERS_H_
