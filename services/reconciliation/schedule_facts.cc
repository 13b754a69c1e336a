#include "services/reconciliation/schedule_facts.h"

#include "absl/time/time.h"

namespace rollcall::reconciliation {
namespace {

constexpr absl::Duration kDefaultPollingInterval = absl::Minutes(5);

absl::Duration PollingIntervalOf(const directory::v1::Directory& directory) {
  if (!directory.has_polling_interval()) return kDefaultPollingInterval;
  return absl::Seconds(directory.polling_interval().seconds()) +
         absl::Nanoseconds(directory.polling_interval().nanos());
}

}  // namespace

bool IsScheduled(const directory::v1::Directory& directory) {
  return directory.state() == directory::v1::Directory::CONNECTED ||
         directory.state() == directory::v1::Directory::NEEDS_ATTENTION;
}

ScheduleFacts ScheduleFactsOf(const store::DirectoryRow& row,
                              const directory::v1::Directory& directory) {
  ScheduleFacts facts;
  facts.slot_second = row.slot_second();
  facts.last_slot = absl::FromUnixNanos(row.last_slot_nanos());
  facts.last_poll = absl::FromUnixNanos(row.last_poll_nanos());
  facts.polling_interval = PollingIntervalOf(directory);
  facts.has_cursor = !row.change_cursor().empty();
  if (row.full_retry_nanos() != 0) {
    facts.full_retry = absl::FromUnixNanos(row.full_retry_nanos());
  }
  return facts;
}

}  // namespace rollcall::reconciliation
