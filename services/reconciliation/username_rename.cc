#include "services/reconciliation/username_rename.h"

#include <utility>

#include "services/reconciliation/username_form.h"

namespace rollcall::reconciliation {

absl::optional<Rename> RenameOf(const RenameFacts& facts) {
  absl::optional<std::string> switched =
      UsernameAfterSwitch(facts.username, facts.origin, facts.normalization);
  if (switched.has_value()) {
    if (facts.desk.choice == DeskChoice::kRename) {
      return Rename{facts.desk.name, "B10"};
    }
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
  return Rename{facts.source_username, "A3"};
}

}  // namespace rollcall::reconciliation
