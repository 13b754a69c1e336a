// Makes a tenant out of a seed. The same options give the same tenant, object
// by object, on every machine.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GENERATOR_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GENERATOR_H_

#include <cstdint>

#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

// What the tenant looks like. The fractions are of all users.
struct TenantOptions {
  int64_t users = 1000;
  int64_t groups = 50;
  uint64_t seed = 1;
  int depth = 3;       // levels of groups below "Engineering"
  bool cycles = true;  // groups that contain a group that contains them

  double guests = 0.03;
  double disabled = 0.05;
  double without_mail = 0.08;
  double with_phones = 0.5;
  double on_premises = 0.3;
  double on_second_domain = 0.7;  // contoso.example
  double in_two_departments = 0.1;
  double in_other_groups = 0.5;
  double others = 0.005;  // devices; fewer contacts and service principals
  // Pairs of users whose UPNs differ only in the domain.
  int64_t same_short_names = 5;

  // Whether a deleted security group can be restored, like a Microsoft 365
  // group always can. The service is said to be on its way there.
  bool security_group_soft_delete = true;
};

// The names of the groups that together hold every user, directly or nested.
inline constexpr absl::string_view kDepartments[] = {
    "Engineering", "Sales", "Operations", "Finance", "Support"};

// With 12 groups or more, "Engineering" contains "Engineering Platform", which
// contains "Engineering Storage", and so on down to `depth`; with cycles, the
// last of them contains "Engineering Platform".
TenantState Generate(const TenantOptions& options);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GENERATOR_H_
