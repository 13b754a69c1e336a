// What the service says of itself, in the words of the reference model.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_SERVICE_VIEW_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_SERVICE_VIEW_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/system/model/outcome.h"
#include "tests/system/model/state.h"

namespace rollcall::reconciliation {
class ReconciliationServiceImpl;
class World;
namespace v1 {
class Run;
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

using RunService = std::unique_ptr<reconciliation::ReconciliationServiceImpl>;

// One thread. `world` and `service`, which may be another one after a crash,
// must outlive this.
class ServiceView {
 public:
  ServiceView(reconciliation::World& world, const RunService& service)
      : world_(world), service_(service) {}

  // What LinesOf says of the model.
  std::vector<std::string> Lines();
  // Learns from names, which are unique, whose number is which id.
  void LearnNumbers(const State& state);
  // The resource name of a user or a group.
  const std::string& NameOf(int number) const { return names_.at(number); }
  // What a run says of itself.
  RunResult ResultOf(const reconciliation::v1::Run& run) const;
  // What the feed has said since the last call.
  Told NewEvents();

 private:
  void AddBatches(const std::string& directory,
                  std::vector<std::string>* lines) const;
  void AddDecisions(const std::string& directory,
                    std::vector<std::string>* lines) const;
  std::map<std::string, int> MetBy(const reconciliation::v1::Run& run) const;
  int NumberOf(const std::string& name) const;
  template <typename Names>
  std::string Left(const Names& names) const;
  std::string LineOf(const reconciliation::v1::User& user) const;

  reconciliation::World& world_;
  const RunService& service_;
  std::map<std::string, std::string> group_names_;  // By resource name.
  std::map<std::string, int> numbers_;              // By resource name.
  std::map<int, std::string> names_;
  int64_t sequence_ = 0;
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_SERVICE_VIEW_H_
