#include "services/trash/purge.h"

#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::trash {
namespace {

void Record(const UserName& user, bool purged) {
  static auto& purged_total =
      Counter("rollcall_trash_purged_total", "Users deleted for good.");
  static auto& superseded_total =
      Counter("rollcall_trash_superseded_total",
              "Purges that were refused because the user had come back.");
  (purged ? purged_total : superseded_total).Increment();
  LogInfo(purged ? "user_purged" : "purge_superseded",
          {{"user", user.ToString()}});
}

}  // namespace

absl::Status Purge(TrashStore& store, ReconciliationClient& reconciliation,
                   const UserName& user, const TrashEntry& entry,
                   const std::string& actor) {
  RETURN_IF_ERROR(store.CheckFeedIsFollowed(user.account()));
  const absl::Status purged =
      reconciliation.PurgeUser(user, entry.deletion_epoch, actor);
  const bool superseded = ReasonOf(purged) == "DELETION_SUPERSEDED";
  if (!purged.ok() && !superseded) return purged;

  Record(user, purged.ok());
  RETURN_IF_ERROR(store.Drop(user.account(), user.id(), entry.deletion_epoch));
  return purged;
}

}  // namespace rollcall::trash
