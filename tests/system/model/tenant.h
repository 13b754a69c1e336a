// The tenant that a model's timeline changes: users, and groups in groups, of
// which some are selected. Says who is in scope (R18, R23 to R26).
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_TENANT_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_TENANT_H_

#include <map>
#include <set>
#include <string>
#include <vector>

namespace rollcall::model {

struct TenantUser {
  std::string upn;
  std::string display_name;
  std::string email;
  bool enabled = true;
  bool has_phone_data = false;
  std::vector<std::string> phones;

  friend bool operator==(const TenantUser&, const TenantUser&) = default;
};

struct TenantGroup {
  std::string display_name;
  bool selected = false;
  bool missing = false;  // Selected, and not known to the tenant (A7).
  std::set<int> users;
  std::set<int> groups;
};

// When a guard holds: more than `count` rows and more than `percent` of them.
struct GuardLimit {
  int percent = 10;
  int count = 5;
};

struct Tenant {
  std::map<int, TenantUser> users;
  std::map<int, TenantGroup> groups;
  bool normalization = false;
  bool phone_import = false;
  bool mail = false;
  bool follow_renames = false;  // A3
  bool readings_complete = true;
  GuardLimit limit;  // For every danger.
  bool deleted = false;
  bool trash_users = false;  // Once it is deleted (A9).
};

// A user in scope, as the source says he should be.
struct Wanted {
  int object = 0;
  TenantUser user;
  std::string username;   // R31, R32, R37
  bool collides = false;  // Another user in scope has the same (A4).
  std::set<int> groups;   // Selected ones, by object.

  friend bool operator==(const Wanted&, const Wanted&) = default;
};

// The username that a user principal name gives.
std::string UsernameFrom(const std::string& upn, bool normalization);

// Everybody who is in scope, by object.
std::map<int, Wanted> ScopeOf(const Tenant& tenant);

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_TENANT_H_
