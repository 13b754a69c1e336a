#include "services/directory/directory_health.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>

#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "common/time/proto_duration.h"
#include "common/time/proto_time.h"
#include "services/directory/mirror_keys.h"
#include "services/directory/mirror_view.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::KeyRange;
using ::rollcall::store::MessageCursor;
using ::rollcall::store::Reader;

constexpr int kIdBytes = 16;

// How far the generation has been followed.
absl::Status ReadCursors(const Reader& reader, const DirectoryName& name,
                         uint64_t generation, HealthFacts& facts) {
  const ReadPlace place{.directory = name, .number = generation};
  MessageCursor<store::StoredCursor> cursor(
      reader, place.account(), KeyRange::Prefix(mirror_keys::Cursors(place)));
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return absl::OkStatus();
    facts.cursors.push_back(std::move(row->message));
  }
}

void ShowMirror(const store::StoredMirror& mirror,
                v1::DirectoryHealth& health) {
  if (mirror.has_full_read_time()) {
    *health.mutable_full_read_time() = mirror.full_read_time();
  }
  if (mirror.has_current_as_of()) {
    *health.mutable_current_as_of() = mirror.current_as_of();
  }
  health.set_complete(mirror.complete());
  *health.mutable_incomplete_reasons() = mirror.incomplete_reasons();
  health.set_user_count(mirror.counts().users());
  health.set_group_count(mirror.group_count());
  *health.mutable_warnings() = mirror.counts().warnings();
  if (!mirror.has_audit()) return;
  const store::StoredAudit& audit = mirror.audit();
  v1::AuditHealth& message = *health.mutable_audit();
  if (audit.has_cycle_start_time()) {
    *message.mutable_cycle_start_time() = audit.cycle_start_time();
  }
  if (audit.has_last_cycle_end_time()) {
    *message.mutable_last_cycle_end_time() = audit.last_cycle_end_time();
  }
  message.set_checked_objects(audit.checked_objects());
  message.set_total_objects(audit.total_objects());
  message.set_drifted_objects(audit.drifted_objects());
}

void ShowCursor(const store::StoredCursor& cursor,
                v1::DirectoryHealth& health) {
  v1::CursorHealth& message = *health.add_cursors();
  const auto groups =
      static_cast<int32_t>(cursor.group_ids().size()) / kIdBytes;
  message.set_kind(groups == 0 ? v1::CursorHealth::USERS
                               : v1::CursorHealth::GROUPS);
  message.set_group_count(groups);
  *message.mutable_issue_time() = cursor.issue_time();
}

}  // namespace

absl::StatusOr<HealthFacts> ReadHealth(const rollcall::store::Store& store,
                                       const DirectoryName& name) {
  const std::unique_ptr<Reader> snapshot = store.Snapshot();
  HealthFacts facts;
  ASSIGN_OR_RETURN(facts.mirror, FindMirror(*snapshot, name));
  ASSIGN_OR_RETURN(facts.failure, FindFailure(*snapshot, name));
  if (facts.mirror.has_value()) {
    RETURN_IF_ERROR(
        ReadCursors(*snapshot, name, facts.mirror->generation(), facts));
  }
  return facts;
}

absl::optional<absl::Duration> OldestUnappliedChangeAge(
    const store::StoredMirror& mirror, absl::Time now) {
  if (!mirror.has_current_as_of()) return absl::nullopt;
  return std::max(absl::ZeroDuration(),
                  now - FromTimestamp(mirror.current_as_of()));
}

v1::DirectoryHealth HealthOf(const HealthFacts& facts, const TenantQuota& quota,
                             absl::Time now) {
  v1::DirectoryHealth health;
  if (facts.mirror.has_value()) {
    ShowMirror(*facts.mirror, health);
    if (const auto age = OldestUnappliedChangeAge(*facts.mirror, now)) {
      *health.mutable_oldest_unapplied_change_age() = ToProtoDuration(*age);
    }
  } else {
    health.add_incomplete_reasons("The tenant has not been read yet.");
  }
  for (const store::StoredCursor& cursor : facts.cursors) {
    ShowCursor(cursor, health);
  }
  if (facts.failure.has_value()) {
    v1::ReadFailure& failure = *health.mutable_last_failure();
    *failure.mutable_time() = facts.failure->time();
    failure.set_reason(facts.failure->reason());
    failure.set_message(facts.failure->message());
  }
  health.set_throttle_used(quota.used);
  health.set_resource_units(std::llround(quota.recent_units));
  return health;
}

}  // namespace rollcall::directory
