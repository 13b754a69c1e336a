#include "services/directory/mirror_verdict.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/directory/completeness.h"

namespace rollcall::directory {
namespace {

using store::StoredGroup;

GroupEvidence EvidenceOf(const GroupRow& group) {
  const StoredGroup& row = group.row;
  GroupEvidence evidence;
  evidence.id = group.id;
  evidence.selected = row.selected();
  evidence.chain = row.missing() ? GroupEvidence::Chain::kMissing
                   : row.cut()   ? GroupEvidence::Chain::kCut
                                 : GroupEvidence::Chain::kClosed;
  evidence.error = row.error();
  evidence.members = row.members();
  evidence.unreadable = row.unreadable();
  evidence.described = row.described();
  evidence.skip_reason = row.skip_reason();
  evidence.visibility = row.visibility();
  return evidence;
}

}  // namespace

void JudgeMirror(const GroupTable& groups, const ScopeView& scope,
                 store::StoredMirror& mirror) {
  ReadEvidence evidence;
  evidence.users.hidden = mirror.counts().hidden();
  evidence.users.unread = mirror.counts().unread();
  evidence.users.unread_error = "the tenant did not answer for them.";
  for (const GroupRow& group : groups.rows()) {
    if (scope.GroupsAbove(group.row.number()).empty()) continue;
    // A nested group that the tenant does not know any more has no members.
    if (group.row.missing() && !group.row.selected()) continue;
    evidence.groups.push_back(EvidenceOf(group));
  }
  Completeness completeness = JudgeCompleteness(evidence);
  if (mirror.unknown_changes() > 0) {
    completeness.complete = false;
    completeness.reasons.push_back(
        absl::StrCat(mirror.unknown_changes(),
                     " changes could not be read, and not even whose they "
                     "are."));
  }
  mirror.set_complete(completeness.complete);
  mirror.clear_incomplete_reasons();
  for (std::string& reason : completeness.reasons) {
    mirror.add_incomplete_reasons(std::move(reason));
  }
}

}  // namespace rollcall::directory
