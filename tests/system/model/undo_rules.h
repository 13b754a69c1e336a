// What runs have done, and what undoing one of them gives back (B5).
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_UNDO_RULES_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_UNDO_RULES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/system/model/outcome.h"
#include "tests/system/model/state.h"

namespace rollcall::model {

struct DoneRun {
  std::string name;  // The service's.
  std::string directory;
  std::string kind;
  int64_t ended = 0;
  // Whom the run has changed, as they were; none: it has created them.
  std::map<int, std::optional<User>> before;
  std::set<int> changed_since;  // By anybody else.
  int64_t group_changes = 0;
  bool undone = false;
};

// One thread.
class History {
 public:
  // What a step has done; `name` and `directory` are those of its run, if it
  // was one.
  void Add(const State& before, const Outcome& outcome, const std::string& name,
           const std::string& directory, int64_t now);

  const std::vector<DoneRun>& runs() const { return runs_; }
  Outcome Undo(size_t run, State& state, int64_t now);

 private:
  std::vector<DoneRun> runs_;
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_UNDO_RULES_H_
