// One page of a delta round. Pure: tenant state in, JSON out.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_DELTA_PAGE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_DELTA_PAGE_H_

#include <string>

#include "tests/fakes/entra/delta_link.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

struct DeltaPageOptions {
  bool minimal = false;  // only what changed, null included
  bool soft_deleted_in_initial = false;
  bool duplicates = false;  // the first objects come again at the end
};

struct DeltaPage {
  std::string value;  // a JSON array
  bool done = false;  // the round ends here
};

// Move `link` past what the page holds.
DeltaPage UsersDeltaPage(const TenantState& state, DeltaLink& link,
                         const DeltaPageOptions& options);
DeltaPage GroupsDeltaPage(const TenantState& state, DeltaLink& link,
                          const DeltaPageOptions& options);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_DELTA_PAGE_H_
