// What the service says of itself, in the words of the reference model.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_SERVICE_VIEW_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_SERVICE_VIEW_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/system/model/outcome.h"
#include "tests/system/model/state.h"

namespace rollcall::reconciliation {
class World;
namespace v1 {
class User;
}  // namespace v1
}  // namespace rollcall::reconciliation

namespace rollcall::model {

// What the feed has said.
struct Told {
  std::vector<Event> events;    // Without the ends of runs.
  std::vector<RunResult> runs;  // That have ended.
  bool run_is_last = true;      // Nothing comes after the end of a run (R70).
};

// One thread. `world` must outlive this.
class ServiceView {
 public:
  explicit ServiceView(reconciliation::World& world) : world_(world) {}

  // What LinesOf says of the model.
  std::vector<std::string> Lines();
  // Learns from names, which are unique, whose number is which id.
  void LearnNumbers(const State& state);
  // The resource name of a user or a group.
  const std::string& NameOf(int number) const { return names_.at(number); }
  // What the feed has said since the last call.
  Told NewEvents();

 private:
  void AddBatches(const std::string& directory,
                  std::vector<std::string>* lines) const;
  template <typename Names>
  std::string Left(const Names& names) const;
  std::string LineOf(const reconciliation::v1::User& user) const;

  reconciliation::World& world_;
  std::map<std::string, std::string> group_names_;  // By resource name.
  std::map<std::string, int> numbers_;              // By resource name.
  std::map<int, std::string> names_;
  int64_t sequence_ = 0;
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_SERVICE_VIEW_H_
