// One random life being lived: what each step does to the model and to the
// service, and the comparison after it.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_LIFE_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_LIFE_H_

#include <iterator>
#include <map>
#include <string>

#include "tests/fakes/entra/prng.h"
#include "tests/system/model/driver.h"
#include "tests/system/model/edit_rules.h"
#include "tests/system/model/outcome.h"
#include "tests/system/model/state.h"
#include "tests/system/model/sync_rules.h"
#include "tests/system/model/tenant.h"
#include "tests/system/model/trial.h"
#include "tests/system/model/undo_rules.h"

namespace rollcall::model {

// One thread, one use.
class Life {
 public:
  explicit Life(const TrialOptions& options);

  Verdict Live();

 private:
  void Say(const std::string& line) { verdict_.story.push_back(line); }
  void Defect(const std::string& what) {
    if (verdict_.defect.empty() && !what.empty()) verdict_.defect = what;
  }

  template <typename Map>
  int Any(const Map& map) {
    auto entry = map.begin();
    std::advance(entry, prng_.Below(map.size()));
    return entry->first;
  }
  std::string AnyDirectory() { return prng_.Chance(0.7) ? "d1" : "d2"; }
  Status AnyStatus() { return static_cast<Status>(prng_.Below(3)); }
  Sync SyncOf(const std::string& directory);
  Edit NewEdit() {
    return Edit(state_, tenants_, driver_.Now(), options_.planted);
  }

  void Take(Step::Kind kind);
  void ChangeSource(Step::Kind kind);
  void PassTime();

  // Runs.
  void SyncEverything(bool of_changes);
  void SyncOne();
  void Approve();
  void PlanAndApply();
  void MakePlan(const std::string& directory, const Outcome& expected);
  void Undo();

  // People.
  void EditUser();
  void EditGroup();
  void Decide();

  // A call that was asked again says what it finds, which is what it has done.
  void Judge(const Outcome& outcome, const std::string& answer);
  void Compare(const Outcome& outcome);

  const TrialOptions options_;
  entra::Prng prng_;
  std::map<std::string, Tenant> tenants_;
  // Who was in scope when everything was read, or what had changed.
  std::map<std::string, std::map<int, Wanted>> last_readings_;
  State state_;
  State before_;  // The step.
  History history_;
  Driver driver_;
  Verdict verdict_;
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_LIFE_H_
