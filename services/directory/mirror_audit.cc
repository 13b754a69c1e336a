#include "services/directory/mirror_audit.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "services/directory/audit_answers.h"
#include "services/directory/delta_round.h"

namespace rollcall::directory {
namespace {

// What changes while it is verified is looked at again, so many times in all.
// Whoever changes that often is told of that often.
constexpr int kMaxLooks = 3;

std::string NameOf(const MirrorView& mirror) {
  return mirror.rows().place().directory.ToString();
}

void Append(AuditSlice more, AuditSlice& slice) {
  slice.groups.insert(slice.groups.end(), more.groups.begin(),
                      more.groups.end());
  slice.users.insert(slice.users.end(), more.users.begin(), more.users.end());
}

void SortAndUnique(std::vector<SourceId>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

bool IsAuditDue(const store::StoredMirror& mirror, absl::Time now) {
  return !mirror.counts().has_rows() ||
         IsSliceDue(SizeOf(mirror), ProgressOf(mirror.audit()), now);
}

absl::StatusOr<bool> MirrorAudit::VerifyNextSlice() {
  ASSIGN_OR_RETURN(std::unique_ptr<MirrorView> mirror, Show());
  if (!mirror->mirror().counts().has_rows()) {
    store::StoredMirror counted = mirror->mirror();
    ASSIGN_OR_RETURN(const int64_t rows, CountUserRows(*mirror));
    counted.mutable_counts()->set_rows(rows);
    RETURN_IF_ERROR(rounds_.Repair(*mirror, {}, std::move(counted)));
    ASSIGN_OR_RETURN(mirror, Show());
  }
  ASSIGN_OR_RETURN(PlannedSlice planned,
                   NextSlice(*mirror, SizeOf(mirror->mirror()), time_));
  mirror.reset();
  AuditSlice slice = std::move(planned.slice);
  for (int look = 1; look <= kMaxLooks && slice.size() > 0; ++look) {
    ASSIGN_OR_RETURN(absl::optional<AuditSlice> left,
                     Look(slice, planned.next, look == kMaxLooks));
    if (!left.has_value()) return false;
    slice = *std::move(left);
  }
  return true;
}

// The slice first, then a round: what changed in between is told by the round
// and left alone, so only what no change log told is different.
absl::StatusOr<absl::optional<AuditSlice>> MirrorAudit::Look(
    const AuditSlice& slice, const store::StoredAudit& next, bool is_last) {
  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> before, Show());
  absl::StatusOr<RoundAnswers> asked =
      rounds_.Ask(*before, slice.Doubts(), graph_);
  if (CallsForFullRead(asked.status())) return absl::optional<AuditSlice>();
  ASSIGN_OR_RETURN(RoundAnswers answers, std::move(asked));
  ASSIGN_OR_RETURN(const absl::optional<RoundDigest> round, steps_.round());
  if (!round.has_value()) return absl::optional<AuditSlice>();
  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> after, Show());
  ASSIGN_OR_RETURN(AuditSlice left,
                   LeaveOutTouched(slice, *round, after->rows(), answers));
  ASSIGN_OR_RETURN(int64_t drift, rounds_.CountDrift(*after, answers));
  if (drift > 0) {
    // Reads may lag behind the change log: only what is said twice counts.
    ASSIGN_OR_RETURN(const RoundAnswers again,
                     rounds_.Ask(*after, slice.Doubts(), graph_));
    ASSIGN_OR_RETURN(AuditSlice disputed,
                     LeaveOutDisputed(slice, again, after->rows(), answers));
    Append(std::move(disputed), left);
    ASSIGN_OR_RETURN(drift, rounds_.CountDrift(*after, answers));
  }
  SortAndUnique(left.groups);
  SortAndUnique(left.users);
  if (drift > 0) {
    LogWarning("mirror_drift",
               {{"directory", NameOf(*after)}, {"objects", drift}});
  }
  const bool goes_on = is_last || left.size() == 0;
  store::StoredMirror mirror = after->mirror();
  if (goes_on) {
    store::StoredAudit& audit = *mirror.mutable_audit();
    const int64_t drifted = audit.drifted_objects();
    audit = next;
    audit.set_drifted_objects(drifted);
    audit.set_checked_objects(next.checked_objects() - left.size());
  }
  if (goes_on && left.size() > 0) {
    LogInfo("audit_incomplete",
            {{"directory", NameOf(*after)}, {"objects", left.size()}});
  }
  if (goes_on || drift > 0) {
    RETURN_IF_ERROR(rounds_.Repair(*after, answers, std::move(mirror)));
  }
  return absl::make_optional(std::move(left));
}

absl::Status MirrorAudit::EndCycle() {
  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> mirror, Show());
  store::StoredMirror next = mirror->mirror();
  *next.mutable_audit() = AfterReadOfEverything(
      mirror->mirror().audit(), SizeOf(mirror->mirror()), time_);
  return rounds_.Repair(*mirror, {}, std::move(next));
}

absl::StatusOr<std::unique_ptr<MirrorView>> MirrorAudit::Show() {
  ASSIGN_OR_RETURN(std::unique_ptr<MirrorView> mirror, steps_.show());
  if (mirror == nullptr) return MirrorDamaged("the mirror is gone");
  return mirror;
}

}  // namespace rollcall::directory
