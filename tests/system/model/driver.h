// Has the real service do what a step says, over a store that may fail at a
// commit: then the process ends, another one begins with what was durable, and
// whoever was not answered asks again.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_DRIVER_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_DRIVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "tests/system/model/edit_rules.h"
#include "tests/system/model/service_view.h"
#include "tests/system/model/tenant.h"

namespace rollcall::reconciliation {
class GroupWriter;
class ReconciliationServiceImpl;
class UserServiceImpl;
class UserWriter;
class World;
namespace v1 {
class Run;
}  // namespace v1
}  // namespace rollcall::reconciliation

namespace rollcall::model {

// When the process ends.
struct Crash {
  int at_commit = 0;  // 0: never; 1: at the next one.
  bool written = false;
  bool reading_lost = false;
};

// One thread. Answers are `OK` or the reason of an error.
class Driver {
 public:
  Driver();
  ~Driver();

  // Every call is made with this from now on.
  void set_crash(const Crash& crash) { crash_ = crash; }
  // Whether the process has ended since set_crash.
  bool crashed() const { return crashed_; }

  void Configure(const std::string& directory, const Tenant& tenant);
  void AdvanceSeconds(int64_t by);
  int64_t Now();

  std::string FullSync(const std::string& directory);
  // A full one if there was none before.
  std::string SyncChanges(const std::string& directory);
  // Answers with what became of the user.
  std::string SyncUser(const std::string& directory, const std::string& upn);
  // A batch of the guard, if it holds so many changes.
  std::string Approve(const std::string& directory, const std::string& danger,
                      int64_t change_count);
  std::string Revert(const std::string& run);
  // What a full sync would do now, and exactly that.
  std::string Plan(const std::string& directory);
  RunResult Planned(const std::string& directory);
  std::string ApplyPlan(const std::string& directory);

  std::string CreateUser(const UserEdit& edit);
  std::string UpdateUser(int number, const UserEdit& edit);
  std::string SetStatus(int number, Status status);
  std::string AddDevice(int number, const std::string& device);
  std::string RemoveDevice(int number, const std::string& device);
  std::string DeleteUser(int number);
  std::string Purge(int number, int deletions);
  std::string CreateGroup(const std::string& display_name);
  std::string RenameGroup(int number, const std::string& display_name);
  std::string SetGroupStatus(int number, Status status);
  std::string DeleteGroup(int number, bool force);
  std::string SetMember(int group, int user, bool member);

  std::string Decide(const std::string& directory, bool of_group, int object,
                     const Decision& decision);

  ServiceView& view() { return *view_; }
  // That all tables agree with each other; empty: they do.
  std::string BrokenInvariants();

 private:
  void Restart();
  std::string Carry(const RunName& run);
  std::string CarryStarted(const absl::StatusOr<reconciliation::v1::Run>& run);
  void Arm();
  std::string Call(const std::function<absl::Status()>& call);
  std::string NewRequestId();
  reconciliation::UserWriter& users();
  reconciliation::GroupWriter& groups();

  std::unique_ptr<reconciliation::World> world_;
  std::unique_ptr<reconciliation::UserServiceImpl> service_;
  std::unique_ptr<reconciliation::ReconciliationServiceImpl> runs_;
  std::unique_ptr<ServiceView> view_;
  std::map<std::string, std::string> plans_;  // The last one, by directory.
  Crash crash_;
  bool crashed_ = false;
  int ids_ = 0;
  int requests_ = 0;
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_DRIVER_H_
