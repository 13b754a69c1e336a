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

}  // namespace

absl::optional<Rename> RenameOf(const RenameFacts& facts) {
  const bool is_given = facts.desk.choice == DeskChoice::kRename;
  absl::optional<std::string> switched =
      UsernameAfterSwitch(facts.username, facts.origin, facts.normalization);
  if (switched.has_value()) {
    if (is_given) return Given(facts);
    return Rename{*std::move(switched), "R33"};
  }
  if (!facts.follow_renames || facts.source_username.empty()) {
    return absl::nullopt;
  }
  const std::string origin_gives =
      UsernameOf(facts.origin, facts.normalization);
  if (facts.username != origin_gives || facts.source_username == origin_gives) {
    return absl::nullopt;
  }
  if (is_given) return Given(facts);
  return Rename{facts.source_username, "A3"};
}

}  // namespace rollcall::reconciliation
