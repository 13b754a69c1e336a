#include "services/directory/audit_slice.h"

#include <algorithm>
#include <utility>

#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/directory/audit_plan.h"
#include "services/directory/user_row.h"

namespace rollcall::directory {
namespace {

using store::StoredAudit;

void BeginCycle(const MirrorView& mirror, absl::Time now, StoredAudit& audit) {
  if (audit.has_cycle_start_time()) {
    *audit.mutable_last_cycle_end_time() = ToTimestamp(now);
  }
  *audit.mutable_cycle_start_time() = ToTimestamp(now);
  audit.set_users(false);
  audit.clear_position();
  audit.set_checked_objects(0);
  audit.set_total_objects(mirror.mirror().group_count() +
                          mirror.mirror().counts().users());
}

bool Same(const UserAnswer& one, const UserAnswer& other) {
  const SourceUser& a = one.user;
  const SourceUser& b = other.user;
  return one.kind == other.kind &&
         a.user_principal_name == b.user_principal_name &&
         a.display_name == b.display_name && a.mail == b.mail &&
         a.mobile_phone == b.mobile_phone &&
         a.business_phones == b.business_phones &&
         a.account_enabled == b.account_enabled && a.user_type == b.user_type;
}

bool Same(const WholeGroup& one, const WholeGroup& other) {
  return one.missing == other.missing &&
         one.members.users == other.members.users &&
         one.members.groups == other.members.groups &&
         one.description.display_name == other.description.display_name &&
         one.description.visibility == other.description.visibility;
}

}  // namespace

RoundDigest AuditSlice::Doubts() const {
  RoundDigest digest;
  if (group.has_value()) {
    GroupNews& news = digest.groups[*group];
    news.group.id = *group;
    news.doubtful = true;
  }
  digest.doubtful_users.insert(users.begin(), users.end());
  return digest;
}

absl::StatusOr<AuditSlice> NextSlice(const MirrorView& mirror, absl::Time now) {
  AuditSlice slice{.next = mirror.mirror().audit()};
  StoredAudit& next = slice.next;
  *next.mutable_last_slice_time() = ToTimestamp(now);
  if (!next.has_cycle_start_time()) BeginCycle(mirror, now, next);
  while (true) {
    const absl::optional<SourceId> after = SourceId::FromBytes(next.position());
    if (!next.users()) {
      ASSIGN_OR_RETURN(const std::vector<GroupRow> groups,
                       mirror.rows().Groups());
      const auto found = std::find_if(
          groups.begin(), groups.end(), [&after](const GroupRow& group) {
            return !after.has_value() || group.id > *after;
          });
      if (found != groups.end()) {
        slice.group = found->id;
        next.set_position(found->id.Bytes());
        next.set_checked_objects(next.checked_objects() + 1);
        return slice;
      }
      next.set_users(true);
      next.clear_position();
      continue;
    }
    UserCursor cursor = mirror.rows().Users(after);
    while (static_cast<int64_t>(slice.users.size()) < kUsersPerSlice) {
      ASSIGN_OR_RETURN(const auto row, cursor.Next());
      if (!row.has_value()) break;
      slice.users.push_back(row->id);
    }
    if (!slice.users.empty()) {
      next.set_position(slice.users.back().Bytes());
      next.set_checked_objects(next.checked_objects() +
                               static_cast<int64_t>(slice.users.size()));
      return slice;
    }
    // A mirror has a group at least: the next look finds one.
    BeginCycle(mirror, now, next);
  }
}

absl::Status LeaveOutTouched(const RoundDigest& round, const AuditSlice& slice,
                             const MirrorView& mirror, RoundAnswers& answers) {
  if (slice.group.has_value() && round.groups.contains(*slice.group)) {
    answers = RoundAnswers();
    return absl::OkStatus();
  }
  std::vector<SourceId> touched;
  for (const auto& [id, answer] : answers.users) {
    if (!round.users.contains(id) && !round.doubtful_users.contains(id)) {
      continue;
    }
    ASSIGN_OR_RETURN(const auto row, mirror.rows().FindUser(id));
    if (row.has_value()) touched.push_back(id);
  }
  for (const SourceId& id : touched) answers.users.erase(id);
  return absl::OkStatus();
}

bool SaySame(const RoundAnswers& one, const RoundAnswers& other) {
  if (one.groups.size() != other.groups.size()) return false;
  for (const WholeGroup& group : one.groups) {
    const auto found = std::find_if(
        other.groups.begin(), other.groups.end(),
        [&group](const WholeGroup& there) { return there.id == group.id; });
    if (found == other.groups.end() || !Same(group, *found)) return false;
  }
  for (const auto& [id, answer] : one.users) {
    const auto found = other.users.find(id);
    if (found == other.users.end() || !Same(answer, found->second)) {
      return false;
    }
  }
  return true;
}

}  // namespace rollcall::directory
