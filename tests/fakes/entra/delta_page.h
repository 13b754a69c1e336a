// One page of a delta round. Pure: tenant state in, JSON out.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_DELTA_PAGE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_DELTA_PAGE_H_

#include <cstddef>
#include <string>

#include "tests/fakes/entra/delta_link.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

struct DeltaPageOptions {
  bool minimal = false;    // only what changed, null included
  size_t page_size = 200;  // objects
  // Every addition and removal of a member, not only the last of the round.
  bool every_step = false;
  bool hidden_members = true;  // the token may read hidden memberships

  // Faults, by their numbers in the catalogue.
  bool duplicates = false;          // #2: the first objects come again
  bool blank = false;               // #10: ids only, and all again next time
  bool unknown_removed = false;     // #11: the removal of what never was
  bool removed_in_initial = false;  // #12: also what and who has gone
  bool silent_deletions = false;    // #13: nobody hears of them
  bool dangling_member = false;     // #14: one that is nowhere else
  bool nulls = false;               // #15: null where nothing ever was
  bool unchanged_too = false;       // #28: unchanged properties in a minimum
  bool unordered = false;           // #29: the last change first
};

struct DeltaPage {
  std::string value;  // a JSON array
  bool done = false;  // the round ends here
};

// Both move `link` past what the page holds.
//
// Large groups come in slices of `link.slice` members: every group with its
// first slice, then the larger ones with their second, and so on. So the same
// group comes again many pages later, among others.
DeltaPage UsersDeltaPage(const TenantState& state, DeltaLink& link,
                         const DeltaPageOptions& options);
DeltaPage GroupsDeltaPage(const TenantState& state, DeltaLink& link,
                          const DeltaPageOptions& options);

// How many objects there were when the log was of this size.
uint64_t ObjectsAt(const ChangeLog& log, uint64_t size, uint64_t objects_now);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_DELTA_PAGE_H_
