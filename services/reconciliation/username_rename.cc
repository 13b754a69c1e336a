#include "services/reconciliation/username_rename.h"

#include <utility>

#include "services/reconciliation/username_form.h"

namespace rollcall::reconciliation {
namespace {

// To the name that the desk has given, unless it has come to be already.
absl::optional<Rename> Given(const RenameFacts& facts) {
  if (facts.desk.name == facts.username) return absl::nullopt;
  return Rename{facts.desk.name, "B10"};
}

// Whether the source calls the user otherwise than when the username was made,
// in either form: then the new name counts, and no switch on the way to it.
bool Follows(const RenameFacts& facts) {
  if (!facts.follow_renames || facts.source_username.empty()) return false;
  const std::string origin_gives =
      UsernameOf(facts.origin, facts.normalization);
  const bool is_made_of_origin =
      facts.username == origin_gives ||
      facts.username == UsernameOf(facts.origin, !facts.normalization);
  return is_made_of_origin && facts.source_username != origin_gives &&
         facts.source_username != facts.username;
}

}  // namespace

absl::optional<Rename> RenameOf(const RenameFacts& facts) {
  const bool is_given = facts.desk.choice == DeskChoice::kRename;
  if (Follows(facts)) {
    if (is_given) return Given(facts);
    return Rename{facts.source_username, "A3"};
  }
  absl::optional<std::string> switched =
      UsernameAfterSwitch(facts.username, facts.origin, facts.normalization);
  if (!switched.has_value()) return absl::nullopt;
  if (is_given) return Given(facts);
  return Rename{*std::move(switched), "R33"};
}

}  // namespace rollcall::reconciliation
