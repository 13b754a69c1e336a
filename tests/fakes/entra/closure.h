// All members of a group at any depth, as Graph lists them.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_CLOSURE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_CLOSURE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

// Keeps the last results, since a listing asks for the same one once a page.
// For one tenant only. Thread-safe.
class ClosureCache {
 public:
  using Members = std::shared_ptr<const std::vector<ObjectRef>>;

  // Sorted and without duplicates; the group itself only if it is its own
  // member by a cycle. Groups whose membership is hidden look empty unless
  // `see_hidden`.
  Members TransitiveMembers(const TenantState& state, ObjectRef group,
                            bool see_hidden = true);

 private:
  struct Kept {
    uint64_t version;
    ObjectRef group;
    bool see_hidden;
    Members members;
  };
  absl::Mutex mutex_;
  std::list<Kept> kept_ ABSL_GUARDED_BY(mutex_);  // the latest first
};

// All live groups that `member` belongs to. Sorted.
std::vector<ObjectRef> DirectMemberOf(const TenantState& state,
                                      ObjectRef member);
// Likewise, directly or not.
std::vector<ObjectRef> TransitiveMemberOf(const TenantState& state,
                                          ObjectRef member);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_CLOSURE_H_
