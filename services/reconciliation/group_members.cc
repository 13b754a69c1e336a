#include "services/reconciliation/group_members.h"

#include <memory>
#include <vector>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/run_steps.h"

namespace rollcall::reconciliation {
namespace {

// Members that are looked at in one batch.
constexpr int kMembersPerBatch = 500;

}  // namespace

absl::Status VisitMembers(
    const std::string& group,
    const std::function<absl::Status(const UserRecord&, UserSync&,
                                     Transaction&)>& visit,
    const RunEngineOptions& options, RunWork& work) {
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    const absl::Time now = options.clock.TimeNow();
    UserSync sync(work, *transaction, now, options.make_id);
    ASSIGN_OR_RETURN(
        const std::vector<std::string> members,
        transaction->identities().ListMembers(group, after, kMembersPerBatch));
    if (members.empty()) return absl::OkStatus();
    after = members.back();
    for (const std::string& member : members) {
      ASSIGN_OR_RETURN(const absl::optional<UserRecord> record,
                       transaction->identities().FindUser(member));
      if (!record.has_value()) continue;
      RETURN_IF_ERROR(visit(*record, sync, *transaction));
    }
    if (transaction->empty()) continue;
    RETURN_IF_ERROR(SaveTaken(work.taken, now, work.directory(), *transaction));
    work.taken.clear();
    SaveProgress(work, *transaction);
    RETURN_IF_ERROR(transaction->Commit());
  }
}

}  // namespace rollcall::reconciliation
