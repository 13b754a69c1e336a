#include "services/reconciliation/user_errors.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/errors.h"

namespace rollcall::reconciliation {
namespace {

std::string DirectoriesOf(const EditVerdict& verdict, const UserName& user) {
  std::vector<std::string> names;
  for (const std::string& directory : verdict.directories) {
    names.push_back(DirectoryName(user.account(), directory).ToString());
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

absl::Status UserNotFound(const std::string& name) {
  return NotFound("USER_NOT_FOUND",
                  absl::StrCat("There is no user ", name, "."),
                  {{"user", name}});
}

absl::Status GroupNotFound(const std::string& name) {
  return NotFound("GROUP_NOT_FOUND",
                  absl::StrCat("There is no group ", name, "."),
                  {{"group", name}});
}

absl::Status UsernameTaken(const std::string& username) {
  return AlreadyExists(
      "USERNAME_TAKEN",
      absl::StrCat("Another user has the username ", username, "."),
      {{"username", username}});
}

absl::Status GroupNameTaken(const std::string& display_name) {
  return AlreadyExists(
      "GROUP_NAME_TAKEN",
      absl::StrCat("Another group has the name ", display_name, "."),
      {{"display_name", display_name}});
}

absl::Status CheckEtag(const std::string& etag, const std::string& current,
                       const std::string& name) {
  if (etag.empty() || etag == current) return absl::OkStatus();
  return Aborted("ETAG_MISMATCH",
                 absl::StrCat(name, " was changed since: it is ", current,
                              " now. Get it again and decide anew."),
                 {{"name", name}, {"etag", current}});
}

absl::Status RefusalOf(const EditVerdict& verdict, const UserName& user) {
  const std::string name = user.ToString();
  const std::string directories = DirectoriesOf(verdict, user);
  const std::string fields = absl::StrJoin(verdict.fields, ", ");
  Facts facts = {{"user", name}, {"rule", verdict.rule}};
  if (!directories.empty()) facts.push_back({"directory", directories});
  if (!fields.empty()) facts.push_back({"field", fields});
  switch (verdict.refusal) {
    case Refusal::kNone:
      return absl::OkStatus();
    case Refusal::kPendingDeletion:
      return FailedPrecondition(
          "USER_PENDING_DELETION",
          absl::StrCat(name,
                       " is in the trash and read-only: it comes back "
                       "when a sync finds it in a selected group again."),
          facts);
    case Refusal::kDisabledBySource:
      return FailedPrecondition(
          "USER_DISABLED_BY_SOURCE",
          absl::StrCat(name, " is disabled in the source of ", directories,
                       " and read-only: enable it there."),
          facts);
    case Refusal::kFieldManaged:
      return FailedPrecondition(
          "FIELD_MANAGED",
          absl::StrCat(directories, " owns ", fields, " of ", name,
                       ": change it in the source."),
          facts);
    case Refusal::kUserManaged:
      return FailedPrecondition(
          "USER_MANAGED",
          absl::StrCat(name, " is managed by ", directories,
                       ": disable or remove it in the source."),
          facts);
  }
  return absl::OkStatus();
}

absl::Status GroupFieldManaged(const GroupName& name, const Group& group,
                               absl::string_view field) {
  const std::string directory =
      DirectoryName(name.account(), group.directory).ToString();
  return FailedPrecondition(
      "FIELD_MANAGED",
      absl::StrCat(directory, " owns ", field, " of ", name.ToString(),
                   ": change it in the source."),
      {{"group", name.ToString()},
       {"directory", directory},
       {"field", std::string(field)}});
}

}  // namespace rollcall::reconciliation
