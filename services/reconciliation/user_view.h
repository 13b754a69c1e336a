// Shows users and groups as UserService answers: with an etag, and a user with
// what holds in the end (R54).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_VIEW_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_VIEW_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// Names a version of the row, in quotes (AIP-154). A group's does not move with
// its members.
std::string EtagOf(const User& user);
std::string EtagOf(const Group& group);

// One user, with its effective state; `account` is the id.
absl::StatusOr<v1::User> ShowUser(const User& user, const std::string& account,
                                  const IdentityReader& identities);
// One of many, without it.
v1::User ShowListedUser(const User& user, const std::string& account);
v1::Group ShowGroup(const Group& group, const std::string& account);

// The groups that a user is in. DATA_LOSS, reason GROUP_UNKNOWN, if one is
// lost: it may be the one that shuts the user out (R53). `identities` must read
// one instant.
absl::StatusOr<std::vector<Group>> GroupsOf(const User& user,
                                            const IdentityReader& identities);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_VIEW_H_
