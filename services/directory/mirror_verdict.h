// Judges whether a mirror is complete (R30), from its rows as they are, as a
// full read judges itself.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_VERDICT_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_VERDICT_H_

#include "services/directory/group_table.h"
#include "services/directory/scope_view.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Sets `complete` and the reasons of a mirror whose counts are those of its
// rows. Groups that lead to no selected one any more prove nothing and disprove
// nothing; `scope` is that of `groups`.
void JudgeMirror(const GroupTable& groups, const ScopeView& scope,
                 store::StoredMirror& mirror);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_VERDICT_H_
