// Everything a test of runs needs: the real store and engine, a fake directory,
// a clock that stands still until it is moved.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_WORLD_H_
#define ROLLCALL_SERVICES_RECONCILIATION_WORLD_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/faulty_store.h"
#include "common/store/store.h"
#include "common/testing/simulated_clock.h"
#include "services/reconciliation/fake_directory.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/run_progress.h"
#include "services/reconciliation/single_sync.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// The account is `acme`. One thread. Crashes where a test could not go on.
class World {
 public:
  // Small batches, so that a few users make many commits.
  explicit World(size_t max_batch_rows = 12, size_t users_per_step = 2);

  // What a process that was killed and started again has.
  void Restart();

  FakeTenant& tenant(const std::string& directory = "d1") {
    return directory_service.tenants[directory];
  }

  // Starts a run, carries it to its end or wait, looks at it.
  RunName Start(const std::string& directory = "d1",
                v1::Run::Kind kind = v1::Run::FULL);
  absl::Status Carry(const RunName& name);
  v1::Run Find(const RunName& name) const;
  // All three. The invariants of the store hold before and after.
  v1::Run Sync(const std::string& directory = "d1",
               v1::Run::Kind kind = v1::Run::FULL);
  v1::Run SyncChanges(const std::string& directory = "d1") {
    return Sync(directory, v1::Run::CHANGES);
  }
  // A plan (B1): made, and applied. The invariants of the store hold after
  // each.
  RunName StartPlan(const std::string& directory = "d1",
                    bool assumes_normalization = false);
  v1::Run Plan(const std::string& directory = "d1",
               bool assumes_normalization = false);
  RunName StartApplying(const v1::Run& plan);
  v1::Run Apply(const v1::Run& plan);
  // Undoes a run (B5).
  RunName StartReverting(const v1::Run& run);
  v1::Run Revert(const v1::Run& run);
  // One user, by user principal name.
  absl::StatusOr<v1::SyncUserResponse> SyncUser(
      const std::string& user_principal_name,
      const std::string& directory = "d1");
  // What the engine and everything like it is made with.
  RunEngineOptions Options();

  // Users by username, groups by name.
  absl::optional<User> FindUser(const std::string& username) const;
  User user(const std::string& username) const;
  absl::optional<Group> FindGroup(const std::string& name) const;
  Group group(const std::string& name) const;
  std::vector<std::string> GroupNamesOf(const std::string& username) const;
  // What an administrator would have done.
  void PutUser(User user);
  void PutGroup(Group group);

  std::vector<v1::ChangeEvent> Events() const;
  // `CREATED ada@a.test R18`, `group Sales R24`, `finished SUCCEEDED`.
  std::vector<std::string> EventTexts(size_t after = 0) const;

  // All rows of the account as text, in order, with names in place of ids.
  std::vector<std::string> Dump() const;
  // Only users and groups, without times and runs: what they are, not when they
  // became so.
  std::vector<std::string> DumpObjects() const;

  SimulatedClock clock{absl::FromUnixSeconds(1'700'000'000)};
  FakeDirectory directory_service;
  std::unique_ptr<rollcall::store::Store> rows;
  std::unique_ptr<rollcall::store::FaultyStore> faulty;
  std::unique_ptr<IdentityStore> store;
  RunProgressBoard board;
  bool is_stopping = false;

 private:
  size_t max_batch_rows_;
  size_t users_per_step_;
  std::unique_ptr<RunEngine> engine_;
  std::atomic<int> next_id_ = 1;
  int next_run_ = 1;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_WORLD_H_
