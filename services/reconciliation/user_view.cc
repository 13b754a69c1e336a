#include "services/reconciliation/user_view.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/crypto/digest.h"
#include "common/identity/resource_name.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/access_decision.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

constexpr size_t kEtagLength = 16;  // 96 bits.

template <typename Row>
std::string EtagOfRow(const Row& row) {
  return absl::StrCat(
      "\"",
      Base64Url(Sha256(rollcall::store::Serialize(row))).substr(0, kEtagLength),
      "\"");
}

v1::User::State EffectiveState(const User& user,
                               const std::vector<Group>& groups) {
  if (user.pending_deletion()) return v1::User::PENDING_DELETION;
  switch (DecideAccess(&user, groups).access) {
    case Access::kRefuse:
      return v1::User::DISABLED;
    case Access::kAllowBypass:
      return v1::User::BYPASS;
    case Access::kAllow:
    case Access::kEnrollFirst:
      return v1::User::ACTIVE;
  }
  return v1::User::STATE_UNSPECIFIED;
}

}  // namespace

// That a reading has looked at the user, and found nothing to do, changes
// nothing of him.
std::string EtagOf(const User& user) {
  store::UserRow row = ToRow(user);
  for (store::ClaimRow& claim : *row.mutable_claims()) {
    claim.clear_read_time_nanos();
  }
  return EtagOfRow(row);
}

std::string EtagOf(const Group& group) {
  store::GroupRow row = ToRow(group);
  row.clear_member_count();
  return EtagOfRow(row);
}

v1::User ShowListedUser(const User& user, const std::string& account) {
  v1::User message = ToMessage(user, account);
  message.set_etag(EtagOf(user));
  return message;
}

absl::StatusOr<v1::User> ShowUser(const User& user, const std::string& account,
                                  const IdentityReader& identities) {
  ASSIGN_OR_RETURN(const std::vector<Group> groups, GroupsOf(user, identities));
  v1::User message = ShowListedUser(user, account);
  message.set_effective_state(EffectiveState(user, groups));
  return message;
}

v1::Group ShowGroup(const Group& group, const std::string& account) {
  v1::Group message = ToMessage(group, account);
  message.set_etag(EtagOf(group));
  return message;
}

absl::StatusOr<std::vector<Group>> GroupsOf(const User& user,
                                            const IdentityReader& identities) {
  std::vector<Group> groups;
  groups.reserve(user.groups.size());
  for (const std::string& id : user.groups) {
    ASSIGN_OR_RETURN(absl::optional<GroupRecord> group,
                     identities.FindGroup(id));
    if (!group.has_value()) {
      return DataLoss("GROUP_UNKNOWN",
                      absl::StrCat("User ", user.id, " is in the group ", id,
                                   ", which does not exist."),
                      {{"user", user.id}, {"group", id}});
    }
    groups.push_back(std::move(group->group));
  }
  return groups;
}

}  // namespace rollcall::reconciliation
