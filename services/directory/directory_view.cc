#include "services/directory/directory_view.h"

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/directory_messages.h"

namespace rollcall::directory {
namespace {

using store::StoredDirectory;
using store::StoredFacts;

absl::Status ReauthorizationRequired(const ConnectionName& connection) {
  return FailedPrecondition(
      "REAUTHORIZATION_REQUIRED",
      absl::StrCat("The tenant of ", connection.ToString(),
                   " must be authorized again before it can be read."),
      {{"connection", connection.ToString()}});
}

}  // namespace

absl::StatusOr<v1::Directory> DirectoryView::Show(
    const AccountName& account, const StoredDirectory& stored) {
  const DirectoryName name(account, stored.directory_id());
  ASSIGN_OR_RETURN(StoredFacts facts, directories_.GetFacts(name));
  if (stored.has_delete_time()) return MessageOf(account, stored, facts);
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(stored.connection()));
  const absl::StatusOr<ConnectionFacts> now =
      authorization_.GetConnection(connection);
  if (now.ok() &&
      (now->reauthorization_required != facts.reauthorization_required() ||
       now->tenant_id != facts.tenant_id())) {
    ASSIGN_OR_RETURN(
        facts, directories_.ChangeFacts(name, [&now](StoredFacts& known) {
          known.set_reauthorization_required(now->reauthorization_required);
          known.set_tenant_id(now->tenant_id);
        }));
  }
  return MessageOf(account, stored, facts);
}

absl::Status DirectoryView::CheckConnected(const ConnectionName& connection) {
  absl::StatusOr<ConnectionFacts> facts =
      authorization_.GetConnection(connection);
  if (absl::IsNotFound(facts.status())) {
    return FailedPrecondition(
        "CONNECTION_NOT_FOUND",
        absl::StrCat("There is no ", connection.ToString(),
                     "; authorize the tenant first."),
        {{"connection", connection.ToString()}});
  }
  RETURN_IF_ERROR(facts.status());
  if (facts->reauthorization_required) {
    return ReauthorizationRequired(connection);
  }
  return absl::OkStatus();
}

}  // namespace rollcall::directory
