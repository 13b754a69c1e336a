#include "services/directory/audit_slice.h"

#include <limits>
#include <utility>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"

namespace rollcall::directory {
namespace {

using store::StoredAudit;

constexpr uint64_t kLast = std::numeric_limits<uint64_t>::max();

void BeginCycle(const AuditSize& size, absl::Time now, StoredAudit& audit) {
  if (audit.has_cycle_start_time()) {
    *audit.mutable_last_cycle_end_time() = ToTimestamp(now);
  }
  *audit.mutable_cycle_start_time() = ToTimestamp(now);
  audit.set_users(false);
  audit.clear_position();
  audit.set_slices(0);
  audit.set_checked_objects(0);
  audit.set_total_objects(size.groups + size.users);
}

absl::StatusOr<std::vector<SourceId>> GroupsAfter(
    const MirrorView& mirror, const absl::optional<SourceId>& after) {
  ASSIGN_OR_RETURN(const std::vector<GroupRow> rows, mirror.rows().Groups());
  const int64_t most = GroupsPerSlice(static_cast<int64_t>(rows.size()));
  std::vector<SourceId> groups;
  for (const GroupRow& group : rows) {
    if (static_cast<int64_t>(groups.size()) == most) break;
    if (!after.has_value() || group.id > *after) groups.push_back(group.id);
  }
  return groups;
}

absl::StatusOr<std::vector<SourceId>> UsersAfter(
    const MirrorView& mirror, const AuditSize& size,
    const absl::optional<SourceId>& after) {
  UserCursor cursor = mirror.rows().Users(after);
  std::vector<SourceId> users;
  while (static_cast<int64_t>(users.size()) < UsersPerSlice(size)) {
    ASSIGN_OR_RETURN(const auto row, cursor.Next());
    if (!row.has_value()) break;
    users.push_back(row->id);
  }
  return users;
}

}  // namespace

RoundDigest AuditSlice::Doubts() const {
  RoundDigest digest;
  for (const SourceId& group : groups) {
    GroupNews& news = digest.groups[group];
    news.group.id = group;
    news.doubtful = true;
  }
  digest.doubtful_users.insert(users.begin(), users.end());
  return digest;
}

AuditSize SizeOf(const store::StoredMirror& mirror) {
  return {.groups = mirror.group_count(), .users = mirror.counts().rows()};
}

AuditProgress ProgressOf(const StoredAudit& audit) {
  if (!audit.has_cycle_start_time()) return {};
  return {.cycle_start = FromTimestamp(audit.cycle_start_time()),
          .last_slice = FromTimestamp(audit.last_slice_time()),
          .slices = audit.slices()};
}

absl::StatusOr<PlannedSlice> NextSlice(const MirrorView& mirror,
                                       const AuditSize& size, absl::Time now) {
  AuditSlice slice;
  StoredAudit next = mirror.mirror().audit();
  *next.mutable_last_slice_time() = ToTimestamp(now);
  if (!next.has_cycle_start_time()) BeginCycle(size, now, next);
  while (true) {
    const absl::optional<SourceId> after = SourceId::FromBytes(next.position());
    std::vector<SourceId>& ids = next.users() ? slice.users : slice.groups;
    ASSIGN_OR_RETURN(ids, next.users() ? UsersAfter(mirror, size, after)
                                       : GroupsAfter(mirror, after));
    if (!ids.empty()) {
      next.set_position(ids.back().Bytes());
      next.set_checked_objects(next.checked_objects() + slice.size());
      next.set_slices(next.slices() + 1);
      return PlannedSlice{std::move(slice), std::move(next)};
    }
    if (next.users()) {
      // A mirror has a group at least: the next look finds one.
      BeginCycle(size, now, next);
    } else {
      next.set_users(true);
      next.clear_position();
    }
  }
}

StoredAudit AfterReadOfEverything(StoredAudit audit, const AuditSize& size,
                                  absl::Time now) {
  BeginCycle(size, now, audit);
  *audit.mutable_last_cycle_end_time() = ToTimestamp(now);
  *audit.mutable_last_slice_time() = ToTimestamp(now);
  audit.set_users(true);
  audit.set_position(SourceId(kLast, kLast).Bytes());
  audit.set_slices(SliceCount(size));
  audit.set_checked_objects(audit.total_objects());
  return audit;
}

absl::StatusOr<int64_t> CountUserRows(const MirrorView& mirror) {
  UserCursor cursor = mirror.rows().Users(absl::nullopt);
  int64_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto row, cursor.Next());
    if (!row.has_value()) return count;
    ++count;
  }
}

}  // namespace rollcall::directory
