#include "tests/system/model/tenant.h"

#include <utility>

#include "tests/system/model/state.h"

namespace rollcall::model {
namespace {

// The users in a group and in the groups in it; a group that was seen before is
// not looked into again, so that cycles end (R26).
void Collect(const Tenant& tenant, int group, std::set<int>* seen,
             std::set<int>* users) {
  auto found = tenant.groups.find(group);
  if (found == tenant.groups.end() || found->second.missing) return;
  if (!seen->insert(group).second) return;
  for (const int user : found->second.users) {
    if (tenant.users.count(user) > 0) users->insert(user);
  }
  for (const int inner : found->second.groups) {
    Collect(tenant, inner, seen, users);
  }
}

}  // namespace

std::string UsernameFrom(const std::string& upn, bool normalization) {
  const std::string whole = Lower(upn);
  return normalization ? whole.substr(0, whole.find('@')) : whole;
}

std::map<int, Wanted> ScopeOf(const Tenant& tenant) {
  std::map<int, Wanted> scope;
  for (const auto& [object, group] : tenant.groups) {
    if (!group.selected) continue;
    std::set<int> seen, users;
    Collect(tenant, object, &seen, &users);
    for (const int user : users) scope[user].groups.insert(object);
  }
  std::map<std::string, int> usernames;
  for (auto& [object, wanted] : scope) {
    wanted.object = object;
    wanted.user = tenant.users.at(object);
    wanted.username = UsernameFrom(wanted.user.upn, tenant.normalization);
    if (!tenant.phone_import) wanted.user.phones.clear();
    ++usernames[wanted.username];
  }
  for (auto& [object, wanted] : scope) {
    wanted.collides = usernames[wanted.username] > 1;
  }
  return scope;
}

}  // namespace rollcall::model
