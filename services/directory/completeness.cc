#include "services/directory/completeness.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rollcall::directory {
namespace {

// What is missing about one group; empty if nothing is.
std::string WhyGroupIsOpen(const GroupEvidence& group) {
  const std::string name =
      absl::StrCat(group.selected ? "Selected group " : "Nested group ",
                   group.id.ToString());
  if (group.chain == GroupEvidence::Chain::kMissing) {
    return absl::StrCat(name, " was not found in the tenant.");
  }
  if (group.chain == GroupEvidence::Chain::kCut) {
    return absl::StrCat(name, " could not be read to its end: ", group.error);
  }
  if (group.unreadable > 0) {
    return absl::StrCat(name, " has ", group.unreadable,
                        " members that cannot be read.");
  }
  if (!group.described) {
    return absl::StrCat(name, " could not be described by the tenant",
                        group.skip_reason.empty() ? "" : ": ",
                        group.skip_reason, ".");
  }
  // Without a further permission, such a list is empty or short, with a
  // success; short ones cannot be told from full ones.
  if (HidesMembers(group.visibility) && group.members == 0) {
    return absl::StrCat(name,
                        " hides its members, and the tenant showed none.");
  }
  return "";
}

void AddUserReasons(const UserEvidence& users,
                    std::vector<std::string>& reasons) {
  if (users.unread > 0) {
    reasons.push_back(absl::StrCat(
        users.unread,
        " users in scope could not be read: ", users.unread_error));
  }
  if (users.hidden > 0) {
    reasons.push_back(
        absl::StrCat("The tenant shows nothing but the id of ", users.hidden,
                     " users in scope; a permission is missing."));
  }
}

}  // namespace

bool HidesMembers(absl::string_view visibility) {
  return absl::EqualsIgnoreCase(visibility, "HiddenMembership");
}

Completeness JudgeCompleteness(const ReadEvidence& evidence) {
  Completeness result;
  AddUserReasons(evidence.users, result.reasons);
  size_t left_out = 0;
  for (const GroupEvidence& group : evidence.groups) {
    std::string why = WhyGroupIsOpen(group);
    if (why.empty()) continue;
    if (result.reasons.size() + 1 < kMaxReasons) {
      result.reasons.push_back(std::move(why));
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) {
    result.reasons.push_back(absl::StrCat("And ", left_out, " more groups."));
  }
  result.complete = result.reasons.empty();
  return result;
}

}  // namespace rollcall::directory
