// What the reference model says comes of one step.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_OUTCOME_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_OUTCOME_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rollcall::model {

// A change in the feed. Those of one user, and of one group, come in order.
struct Event {
  bool of_group = false;
  int number = 0;    // Of the user or the group.
  std::string kind;  // CREATED, UPDATED, REMOVED, RESTORED, PURGED, CHANGED ...
  std::string line;  // What it is like afterwards; empty if it is gone.
  std::set<std::string> rules;  // The event names one of them.
};

struct RunResult {
  std::string name;  // The service's, which the model does not know.
  std::string kind;
  std::string state;
  std::map<std::string, int64_t> counters;  // Those that are not 0.
  std::set<std::string> problems;
  // What it has met (B10), and the number of the user or group in its way.
  std::map<std::string, int> met;
};

struct Outcome {
  std::string answer;  // Of a call; `OK` or the reason of a refusal.
  std::vector<Event> events;
  std::optional<RunResult> run;  // The last event, if there is one.
};

// A wrong rule, for the controls that prove that the comparison sees it.
enum class Planted : uint8_t {
  kNothing,
  kSyncClearsBypass,      // R48
  kRenameFollows,         // R36: the username follows the source.
  kIncompleteRemoves,     // R30
  kManagedIsDeletable,    // R55
  kDirectoriesForget,     // A6: one directory's absence trashes.
  kPhonesAreReplaced,     // R47
  kChangesForgetTheGone,  // B6
  kGuardSleeps,           // B2
  kDeskIsDeaf,            // B10
  kSwapsWait,             // A3
  kPinsDoNotHold,         // B5
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_OUTCOME_H_
