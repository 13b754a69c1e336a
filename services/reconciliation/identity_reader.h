// Reads the users and groups of one account, by id and by every index. An index
// entry that leads nowhere is DATA_LOSS, never "not found" (invariant 3).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_IDENTITY_READER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_IDENTITY_READER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {

struct UserRecord {
  User user;
  store::UserMarkRow mark;
};

struct GroupRecord {
  Group group;
  store::GroupMarkRow mark;
};

// Thread-safe, cheap to make. Sees what `reader` sees.
class IdentityReader {
 public:
  // `reader` must outlive this. `account` is the id.
  IdentityReader(const rollcall::store::Reader& reader, std::string account)
      : reader_(&reader), account_(std::move(account)) {}

  absl::StatusOr<absl::optional<UserRecord>> FindUser(
      absl::string_view id) const;
  absl::StatusOr<absl::optional<UserRecord>> FindUserByUsername(
      absl::string_view username) const;
  absl::StatusOr<absl::optional<UserRecord>> FindUserBySource(
      absl::string_view directory, absl::string_view source_id) const;

  absl::StatusOr<absl::optional<GroupRecord>> FindGroup(
      absl::string_view id) const;
  // `name` in any case.
  absl::StatusOr<absl::optional<GroupRecord>> FindGroupByName(
      absl::string_view name) const;

  // The groups that a directory manages, by source id; at most what can be
  // selected and what is waiting to be released.
  absl::StatusOr<std::vector<GroupRecord>> GroupsOfDirectory(
      absl::string_view directory) const;

  // How many users there are, by what they are.
  absl::StatusOr<store::UsageRow> Usage() const;

  // Hands over users in order of id, from the first after `after` on, until
  // `visit` says false.
  absl::Status VisitUsers(absl::string_view after,
                          const std::function<bool(const User&)>& visit) const;

  // Pages, in order of id: at most `limit` with an id greater than `after`.
  absl::StatusOr<std::vector<User>> ListUsers(absl::string_view after,
                                              int limit) const;
  absl::StatusOr<std::vector<Group>> ListGroups(absl::string_view after,
                                                int limit) const;
  absl::StatusOr<std::vector<std::string>> ListMembers(absl::string_view group,
                                                       absl::string_view after,
                                                       int limit) const;

 private:
  const rollcall::store::Reader* reader_;
  std::string account_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_IDENTITY_READER_H_
