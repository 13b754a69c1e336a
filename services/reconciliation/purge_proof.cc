#include "services/reconciliation/purge_proof.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/source_records.h"

namespace rollcall::reconciliation {
namespace {

absl::StatusOr<SourceView> LookAtClaim(const DirectoryName& directory,
                                       const Claim& claim,
                                       DirectoryClient& client) {
  directory::v1::ReadSourceUserRequest request;
  request.set_name(directory.ToString());
  request.set_source_id(claim.source_id);
  ASSIGN_OR_RETURN(const directory::v1::ReadSourceUserResponse answer,
                   client.ReadSourceUser(request));
  return ReadSourceView(answer, /*group_ids=*/{});
}

// Whether nobody will ever be seen in the directory again.
absl::StatusOr<bool> IsGone(const DirectoryName& directory,
                            DirectoryClient& client) {
  const absl::StatusOr<directory::v1::Directory> configured =
      client.GetDirectory(directory);
  if (absl::IsNotFound(configured.status())) return true;
  RETURN_IF_ERROR(configured.status());
  return configured->state() == directory::v1::Directory::DELETED;
}

absl::Status Unproven(const UserName& name, const DirectoryName& directory,
                      const absl::Status& error) {
  LogWarning("purge_unproven", {{"user", name.ToString()},
                                {"directory", directory.ToString()},
                                {"error", error}});
  return FailedPrecondition(
      "PURGE_UNPROVEN",
      absl::StrCat(name.ToString(), " is kept: ", directory.ToString(),
                   error.ok() ? " does not prove that the user is gone."
                              : " cannot be asked whether the user is gone."),
      {{"user", name.ToString()}, {"directory", directory.ToString()}});
}

// No sync brings the user back, so that asking again soon tells nothing new.
absl::Status KeptByPin(const UserName& name, const User& user,
                       const DirectoryName& directory) {
  const std::string pinned_by =
      DirectoryName(name.account(), user.pinned_by).ToString();
  return FailedPrecondition(
      "PURGE_PINNED",
      absl::StrCat(name.ToString(), " is kept: ", directory.ToString(),
                   " has the user in a selected group, and no sync brings the "
                   "user back before a plan of ",
                   pinned_by, " is applied, for a run was undone."),
      {{"user", name.ToString()},
       {"directory", directory.ToString()},
       {"pinned_by", pinned_by}});
}

}  // namespace

absl::StatusOr<absl::optional<v1::Evidence>> ProveAbsence(
    const UserName& name, const User& user, DirectoryClient& client) {
  absl::optional<v1::Evidence> evidence;
  for (const Claim& claim : user.claims) {
    const DirectoryName directory(name.account(), claim.directory);
    const absl::StatusOr<bool> gone = IsGone(directory, client);
    if (!gone.ok()) return Unproven(name, directory, gone.status());
    if (*gone) continue;
    absl::StatusOr<SourceView> view = LookAtClaim(directory, claim, client);
    if (!view.ok()) return Unproven(name, directory, view.status());
    if (view->in_scope() && !user.pinned_by.empty()) {
      return KeptByPin(name, user, directory);
    }
    if (!view->proves_absence()) {
      return Unproven(name, directory, absl::OkStatus());
    }
    evidence = view->evidence;
  }
  return evidence;
}

}  // namespace rollcall::reconciliation
