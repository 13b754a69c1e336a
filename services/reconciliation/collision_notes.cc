#include "services/reconciliation/collision_notes.h"

#include <utility>

#include "absl/types/optional.h"
#include "services/reconciliation/username_form.h"

namespace rollcall::reconciliation {
namespace {

// Of somebody who is not linked yet.
void NoteNew(const DesiredUser& desired, const UserMeeting& meeting,
             const SyncRules& rules, std::vector<CollisionNote>* notes) {
  const User* namesake = meeting.namesake;
  const bool is_of_this_source =
      namesake != nullptr && namesake->ClaimOf(rules.directory) != nullptr;
  if (desired.username_collides || meeting.is_awaited ||
      (is_of_this_source && !meeting.waits)) {
    notes->push_back({CollisionKind::kUsername, desired.username,
                      namesake == nullptr ? "" : namesake->id, "A4"});
  } else if (namesake != nullptr && !meeting.waits) {
    const bool is_manual = namesake->claims.empty();
    notes->push_back(
        {is_manual ? CollisionKind::kManualUser : CollisionKind::kSharedUser,
         desired.username, namesake->id, is_manual ? "R43" : "R44"});
    if (namesake->disabled_by == DisabledBy::kAdministrator) {
      notes->push_back({CollisionKind::kManuallyDisabled, desired.username,
                        namesake->id, "A13"});
    }
  }
}

// Of somebody whom the source has renamed, and who keeps his name (A3).
void NotePending(const DesiredUser& desired, const User& linked,
                 const absl::optional<Rename>& wanted, const SyncRules& rules,
                 std::vector<CollisionNote>* notes) {
  const std::string& origin = linked.ClaimOf(rules.directory)->username_origin;
  if (desired.user_principal_name == origin) return;  // Nearly always.
  const bool follows = wanted.has_value() && wanted->rule == "A3";
  std::string name =
      UsernameOf(desired.user_principal_name, rules.normalization);
  if (follows || name == UsernameOf(origin, rules.normalization)) return;
  notes->push_back({CollisionKind::kRenamePending, std::move(name), "", "A3"});
}

// Of somebody who would be renamed (R33, A3).
void NoteLinked(const DesiredUser& desired, const UserMeeting& meeting,
                const SyncRules& rules, std::vector<CollisionNote>* notes) {
  const absl::optional<Rename> wanted =
      WantedRename(desired, *meeting.linked, rules, DeskDecision());
  NotePending(desired, *meeting.linked, wanted, rules, notes);
  if (!wanted.has_value()) return;
  const bool is_taken =
      meeting.is_awaited || (meeting.in_the_way != nullptr && !meeting.waits);
  if (!desired.username_collides && !is_taken) return;
  notes->push_back({CollisionKind::kUsername, wanted->username,
                    meeting.in_the_way == nullptr ? "" : meeting.in_the_way->id,
                    "A4"});
}

}  // namespace

std::vector<CollisionNote> NotesOf(const DesiredUser& desired,
                                   const UserMeeting& meeting,
                                   const SyncRules& rules) {
  std::vector<CollisionNote> notes;
  const bool has_no_name = desired.username.empty();
  if (meeting.linked == nullptr &&
      (has_no_name || !desired.skip_reason.empty())) {
    return {{.kind = CollisionKind::kNotImportable,
             .wanted = desired.username,
             .rule = "R37",
             .reason = desired.skip_reason.empty() ? "USERNAME_EMPTY"
                                                   : desired.skip_reason}};
  }
  if (!desired.skip_reason.empty()) return notes;
  if (meeting.linked != nullptr) {
    NoteLinked(desired, meeting, rules, &notes);
    if (!meeting.tells_linked) return notes;
  } else {
    NoteNew(desired, meeting, rules, &notes);
  }
  if (desired.guest) {
    notes.push_back({CollisionKind::kGuest, desired.username, "", "A23"});
  }
  if (desired.phone_malformed) {
    notes.push_back(
        {CollisionKind::kMalformedPhone, desired.username, "", "R42"});
  }
  if (desired.email.empty()) {
    notes.push_back(
        {CollisionKind::kMissingEmail, desired.username, "", "R29"});
  }
  return notes;
}

std::vector<CollisionNote> NotesOf(const DesiredGroup& desired,
                                   const GroupDecision& decision,
                                   const Group* namesake) {
  const std::string holder = namesake == nullptr ? "" : namesake->id;
  if (decision.fate == GroupFate::kConflict) {
    return {{CollisionKind::kGroupName, desired.display_name, holder, "A24"}};
  }
  if (decision.fate != GroupFate::kTakeOver) return {};
  return {{decision.rule == "R45" ? CollisionKind::kManualGroup
                                  : CollisionKind::kSharedGroup,
           desired.display_name, holder, decision.rule}};
}

}  // namespace rollcall::reconciliation
