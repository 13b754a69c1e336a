#include "services/directory/link_vault.h"

#include <utility>

#include "common/crypto/secret.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/time/proto_time.h"

namespace rollcall::directory {
namespace {

// Parts that cannot run into each other.
std::string ContextOf(const LinkScope& scope, absl::string_view group_ids) {
  return rollcall::store::Key("cursors")
      .String(scope.directory.ToString())
      .String(scope.tenant_id)
      .String(scope.select)
      .String(group_ids)
      .Build();
}

}  // namespace

store::StoredCursor LinkVault::Seal(const LinkScope& scope,
                                    std::string group_ids,
                                    absl::string_view link,
                                    absl::Time now) const {
  store::StoredCursor cursor;
  cursor.set_sealed_link(
      sealer_.Seal(Secret(std::string(link)), ContextOf(scope, group_ids)));
  cursor.set_group_ids(std::move(group_ids));
  *cursor.mutable_issue_time() = ToTimestamp(now);
  return cursor;
}

absl::StatusOr<std::string> LinkVault::Open(
    const LinkScope& scope, const store::StoredCursor& cursor) const {
  ASSIGN_OR_RETURN(
      const Secret link,
      sealer_.Open(cursor.sealed_link(), ContextOf(scope, cursor.group_ids())));
  return std::string(link.Reveal());
}

}  // namespace rollcall::directory
