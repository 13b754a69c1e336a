// How much one read of a tenant may hold, and one round may ask for. Past these
// a read is refused, and a round gives way to a full read, which is cheaper.
// Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_READ_LIMITS_H_
#define ROLLCALL_SERVICES_DIRECTORY_READ_LIMITS_H_

#include <cstddef>

namespace rollcall::directory {

// The defaults are what the service runs with; tests have smaller ones.
struct ReadLimits {
  // Past these a read does not fit into the memory that the service promises
  // to stay within.
  size_t groups = 100'000;
  size_t memberships = 16'000'000;

  // Of deleted groups, the others are not followed: every 50 of them cost a
  // request each quarter of an hour. The audit finds those that are back.
  size_t deleted_groups = 500;
  // How often a full read follows its first links; usually it is done with
  // once.
  int follows = 5;
  // So many users that neither way showed are asked for one by one; more than
  // that is trouble of another kind.
  size_t confirmations = 2000;

  // Users and groups that a round touches, and members in lists that it reads.
  size_t round_objects = 100'000;
  size_t round_members = 100'000;
  // Users and groups that appear from nowhere.
  size_t membership_questions = 20'000;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_READ_LIMITS_H_
