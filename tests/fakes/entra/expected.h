// The truth that a sync has to arrive at: who belongs to the selected groups,
// computed in the plainest way, and independently of how Graph serves it.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_EXPECTED_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_EXPECTED_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

struct ExpectedUser {
  ObjectRef user;
  std::vector<Guid> groups;  // those of the selected ones it belongs to
};

struct ExpectedOptions {
  bool guests = true;  // whether they count as users
  // Whether groups with a hidden membership count as having members.
  bool hidden_members = true;
};

struct ExpectedView {
  std::vector<ExpectedUser> users;  // by id
  int64_t groups = 0;               // selected ones that exist
  int64_t enabled = 0;
  int64_t disabled = 0;
  int64_t guests = 0;
  int64_t without_mail = 0;
  int64_t with_phone_data = 0;
  int64_t mail_eligible = 0;  // enabled, with mail, without phone data: R41
  int64_t memberships = 0;    // pairs of user and selected group
  // Distinct members, at any depth, that are no people. Graph v1.0 does not
  // show service principals among members, so a client cannot count them.
  int64_t devices = 0;
  int64_t contacts = 0;
  int64_t service_principals = 0;
  // Users who would be there, had they not been deleted. Sorted.
  std::vector<Guid> deleted;
  // Groups with a hidden membership, selected or nested in selected ones.
  int64_t hidden_groups = 0;
};

// Users and groups that are deleted, for good or not, are not there.
ExpectedView Flatten(const TenantState& state,
                     absl::Span<const ObjectRef> selected,
                     const ExpectedOptions& options = {});

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_EXPECTED_H_
