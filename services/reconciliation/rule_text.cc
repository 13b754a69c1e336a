#include "services/reconciliation/rule_text.h"

namespace rollcall::reconciliation {
namespace {

struct RuleSentence {
  absl::string_view rule;
  absl::string_view text;
};

constexpr RuleSentence kSentences[] = {
    {"R18", "The source has the user in a selected group."},
    {"R25", "The groups follow those of the source."},
    {"R28", "The source has other values."},
    {"R33", "Usernames were switched between the whole and the short form."},
    {"R38", "The phones follow those of the source."},
    {"R43",
     "The source has a user of this name, who takes the manual user over."},
    {"R44", "Another directory has a user of this name; both manage it now."},
    {"R45", "The user's group was taken over by the source."},
    {"R48", "An administrator has set or ended bypass."},
    {"R49", "An administrator has changed the status of a manual user."},
    {"R50", "The source has disabled the user."},
    {"R52", "The source has enabled the user again."},
    {"R53", "An administrator has changed the status of a group."},
    {"R54", "Somebody has edited what is not the source's."},
    {"R55", "Somebody has deleted a user whom no directory manages."},
    {"R56",
     "The user is in no selected group any more, or gone from the "
     "source."},
    {"R60", "The time in the trash was over."},
    {"R61", "The source has the user in a selected group again."},
    {"R62", "Somebody has deleted the user for good."},
    {"R66", "A sync has brought the user in step with the source."},
    {"R88", "The user has enrolled an authentication device."},
    {"R95", "Somebody has edited a user whom no directory manages."},
    {"R97", "Somebody has edited what stays editable on a managed user."},
    {"A3", "The source has renamed the user."},
    {"A5", "The source has no value any more."},
    {"A6", "One directory has let the user go; another still manages it."},
    {"A7", "A selected group has vanished from the source."},
    {"A8", "A group is no longer selected."},
    {"A9", "The directory was deleted."},
    {"A11", "The source has the user in a selected group, disabled."},
    {"A13", "The source has ended what an administrator had set."},
    {"B5", "A run was undone, or a plan that followed has lifted the pin."},
    {"B10", "An administrator has decided so at the collision desk."},
};

}  // namespace

std::string RuleText(absl::string_view rule) {
  for (const RuleSentence& sentence : kSentences) {
    if (sentence.rule == rule) return std::string(sentence.text);
  }
  return "";
}

}  // namespace rollcall::reconciliation
