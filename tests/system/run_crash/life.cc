// One life of a reconciliation service, to be ended by kill -9: opens the
// store, goes on with the run that a former life has left, then follows the
// script from --step on. Says on its standard output, a line each, what
// it is told by the directory, which step is done, and at last what is stored.
#include <signal.h>
#include <sys/prctl.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "rocksdb/env.h"
#include "services/reconciliation/desk_requests.h"
#include "services/reconciliation/fake_directory.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/plan_requests.h"
#include "services/reconciliation/row_texts.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_reverting.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/single_sync.h"
#include "tests/system/crash/doom.h"
#include "tests/system/crash/doomed_file_system.h"
#include "tests/system/crash/doomed_store.h"
#include "tests/system/run_crash/script.h"

ABSL_FLAG(std::string, store, "", "The folder of the store.");
ABSL_FLAG(int, life, 0, "Counts the lives over this store.");
ABSL_FLAG(int, step, 0, "The first step of the script that is not done.");
ABSL_FLAG(std::string, doom, "", "At which events to die, or none.");
ABSL_FLAG(int, doom_count, 1, "At which of them.");

namespace rollcall::reconciliation {
namespace {

constexpr char kAccount[] = "acme";

// More than a life opens.
constexpr int kStreamsOfALife = 20;

// A whole line, at once: what is told is told, however soon the end comes, and
// whoever else is talking.
void Say(absl::string_view line) {
  std::cout << absl::StrCat(line, "\n") << std::flush;
}

DirectoryName Name() { return DirectoryName(AccountName(kAccount), "d1"); }

class Life {
 public:
  explicit Life(rollcall::store::Store& rows)
      : rows_(rows), store_(rows), script_(Script()) {
    // Every life knows the same cursors, as a directory service does that is
    // not killed with it.
    for (const Step& step : script_) {
      step.change(directory_.tenants["d1"]);
      OpenStream();
    }
    // The readings are lost, and none is ever named as one of a former life.
    for (int n = 0; n < absl::GetFlag(FLAGS_life) * kStreamsOfALife; ++n) {
      OpenStream();
    }
    directory_.ForgetReadings();
    directory_.on_message = [](int n) { Say(absl::StrCat("message ", n)); };
    directory_.on_look = [] { Say("look"); };
  }

  absl::Status Live(int first_step) {
    RETURN_IF_ERROR(CheckInvariants(store_, kAccount));
    const int steps = static_cast<int>(script_.size());
    for (int n = first_step; n < steps; ++n) {
      TurnTo(n);
      RETURN_IF_ERROR(GoOn(n));
      RETURN_IF_ERROR(Do(n));
      Say(absl::StrCat("done ", n));
    }
    RETURN_IF_ERROR(CheckInvariants(store_, kAccount));
    for (const std::string& text : RowTexts(rows_, kAccount)) {
      Say(absl::StrCat("row ", absl::CEscape(text)));
    }
    return absl::OkStatus();
  }

 private:
  void OpenStream() {
    directory::v1::StreamDesiredStateRequest request;
    request.set_name(Name().ToString());
    directory_.StreamDesiredState(request).status().IgnoreError();
  }

  RunEngineOptions Options() {
    return {.store = store_,
            .directory = directory_,
            .board = board_,
            .clock = clock_,
            .make_id =
                [this] {
                  return absl::StrFormat("id%05dx%05d",
                                         absl::GetFlag(FLAGS_life), ++ids_);
                },
            // Small batches: many commits to die at.
            .max_batch_rows = 12,
            .users_per_step = 2};
  }

  // The world as it is when step `n` is taken.
  void TurnTo(int n) {
    directory_.tenants["d1"] = FakeTenant();
    for (int i = 0; i <= n; ++i) script_[i].change(directory_.tenants["d1"]);
    directory_.read_seconds = 1'700'000'000 + 3600 * n;
    clock_.SetTime(absl::FromUnixSeconds(directory_.read_seconds + 60));
  }

  absl::Status Carry(const RunName& name) {
    RunEngine engine(Options());
    RETURN_IF_ERROR(engine.Execute(name));
    ASSIGN_OR_RETURN(const auto run,
                     store_.Runs(kAccount).FindRun("d1", name.id()));
    if (run.has_value() && run->state() == v1::Run::SUCCEEDED) {
      return absl::OkStatus();
    }
    // The guard has held something, or not all of it could be undone.
    if (run.has_value() && run->state() == v1::Run::PARTIAL) {
      return absl::OkStatus();
    }
    if (run.has_value() && (run->state() == v1::Run::PLANNED ||
                            run->state() == v1::Run::CANCELLED)) {
      return absl::OkStatus();
    }
    return Internal(
        "RUN_NOT_ENDED", "A run has not ended well.",
        {{"run", name.ToString()},
         {"is", run.has_value() ? run->ShortDebugString() : "not there"}});
  }

  // With the run that was under way when the former life was ended.
  absl::Status GoOn(int n) {
    ASSIGN_OR_RETURN(const std::vector<RunningRun> running,
                     store_.Runs(kAccount).ListRunning());
    for (const RunningRun& run : running) {
      if (script_[n].sync == Step::Sync::kCancel) {
        RETURN_IF_ERROR(RequestCancel(RunOf(n), store_).status());
      }
      RETURN_IF_ERROR(Carry(RunName(Name(), run.row.run())));
    }
    return absl::OkStatus();
  }

  absl::Status Do(int n) {
    const Step& step = script_[n];
    switch (step.sync) {
      case Step::Sync::kFull:
        return Run(n, v1::Run::FULL);
      case Step::Sync::kChanges:
        return Run(n, v1::Run::CHANGES);
      case Step::Sync::kSingle:
        return Single(step.user);
      case Step::Sync::kApproval:
        return Approve();
      case Step::Sync::kDecision:
        return Decide();
      case Step::Sync::kPlan:
        return PlanAndApply(n);
      case Step::Sync::kUndo:
        return Undo(n, step.undone);
      case Step::Sync::kCancel:
        return StartAndCancel(n);
    }
    return absl::OkStatus();
  }

  static RunName RunOf(int n) {
    return RunName(Name(), absl::StrCat("step", n));
  }
  // A second run of the same step.
  static RunName SecondRunOf(int n) {
    return RunName(Name(), absl::StrCat("then", n));
  }

  absl::Status Run(int n, v1::Run::Kind kind) {
    const RunName name = RunOf(n);
    const absl::Status started =
        StartRun(name, {.kind = kind}, clock_.TimeNow(), store_).status();
    // A former life has done it, and was not able to say so.
    if (absl::IsAlreadyExists(started)) return absl::OkStatus();
    RETURN_IF_ERROR(started);
    return Carry(name);
  }

  absl::Status Single(const std::string& user) {
    ASSIGN_OR_RETURN(const directory::v1::Directory directory,
                     directory_.GetDirectory(Name()));
    return SingleSync(Options())
        .Sync(directory, {.user_principal_name = user})
        .status();
  }

  absl::Status Approve() {
    ASSIGN_OR_RETURN(const directory::v1::Directory directory,
                     directory_.GetDirectory(Name()));
    ASSIGN_OR_RETURN(const std::vector<v1::HeldBatch> batches,
                     ListBatches(store_, Name(), "", 100));
    for (const v1::HeldBatch& batch : batches) {
      if (batch.state() != v1::HeldBatch::HELD) continue;
      ASSIGN_OR_RETURN(const HeldBatchName name,
                       HeldBatchName::Parse(batch.name()));
      ASSIGN_OR_RETURN(
          const v1::Run run,
          StartApproved({.batch = name,
                         .approver = "an owner",
                         .change_count = batch.change_count(),
                         .scope = ScopeOf(directory)},
                        Options().make_id(), clock_.TimeNow(), store_));
      ASSIGN_OR_RETURN(const RunName started, RunName::Parse(run.name()));
      RETURN_IF_ERROR(Carry(started));
    }
    return absl::OkStatus();
  }

  absl::Status Decide() {
    v1::DecideCollisionsRequest request;
    request.set_parent(Name().ToString());
    v1::CollisionDecision& renamed = *request.add_decisions();
    renamed.set_source_id(SourceId(160));
    renamed.set_username("somebody");
    renamed.set_choice(v1::CollisionDecision::RENAME);
    v1::CollisionDecision& skipped = *request.add_decisions();
    skipped.set_source_id(SourceId(161));
    skipped.set_username("");
    skipped.set_choice(v1::CollisionDecision::SKIP);
    return DecideCollisions(request, Name(), "an owner", clock_.TimeNow(),
                            store_)
        .status();
  }

  absl::Status PlanAndApply(int n) {
    const absl::Status planned =
        StartRun(RunOf(n), {.plan_only = true}, clock_.TimeNow(), store_)
            .status();
    if (planned.ok()) {
      RETURN_IF_ERROR(Carry(RunOf(n)));
    } else if (!absl::IsAlreadyExists(planned)) {
      return planned;
    }
    const absl::Status started = StartApplication(RunOf(n), SecondRunOf(n).id(),
                                                  clock_.TimeNow(), store_)
                                     .status();
    if (ReasonOf(started) == "PLAN_APPLIED") return absl::OkStatus();
    RETURN_IF_ERROR(started);
    return Carry(SecondRunOf(n));
  }

  absl::Status Undo(int n, int undone) {
    ASSIGN_OR_RETURN(const directory::v1::Directory directory,
                     directory_.GetDirectory(Name()));
    const absl::Status started =
        StartRevert(RunOf(undone), RunOf(n).id(), ScopeOf(directory),
                    clock_.TimeNow(), store_)
            .status();
    if (ReasonOf(started) == "RUN_REVERTED") return absl::OkStatus();
    RETURN_IF_ERROR(started);
    return Carry(RunOf(n));
  }

  // Cancelled before it has begun, so that every life leaves the same.
  absl::Status StartAndCancel(int n) {
    const absl::Status started =
        StartRun(RunOf(n), {}, clock_.TimeNow(), store_).status();
    if (absl::IsAlreadyExists(started)) return absl::OkStatus();
    RETURN_IF_ERROR(started);
    RETURN_IF_ERROR(RequestCancel(RunOf(n), store_).status());
    return Carry(RunOf(n));
  }

  rollcall::store::Store& rows_;
  IdentityStore store_;
  const std::vector<Step> script_;
  FakeDirectory directory_;
  RunProgressBoard board_;
  SimulatedClock clock_{absl::UnixEpoch()};
  int ids_ = 0;
};

absl::Status Run() {
  directory::Doom doom(absl::GetFlag(FLAGS_doom),
                       absl::GetFlag(FLAGS_doom_count));
  doom.Arm();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(
      std::make_shared<directory::DoomedFileSystem>(doom));
  ASSIGN_OR_RETURN(const auto disk,
                   rollcall::store::OpenRocksDb(
                       {.path = absl::GetFlag(FLAGS_store),
                        .format_version = kStoreFormatVersion,
                        .owner = "reconciliation",
                        // Small, so that files are written now and then.
                        .write_buffer_bytes = size_t{256} << 10,
                        // Some batches go around the log.
                        .table_commit_bytes = size_t{3} << 10,
                        .env = env.get()}));
  directory::DoomedStore store(*disk, doom);
  return Life(store).Live(absl::GetFlag(FLAGS_step));
}

}  // namespace
}  // namespace rollcall::reconciliation

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // Nobody is left behind.
  absl::ParseCommandLine(argc, argv);
  rollcall::SetLogSink([](absl::string_view) {});
  const absl::Status status = rollcall::reconciliation::Run();
  if (status.ok()) return EXIT_SUCCESS;
  std::cout << "failed: " << status.ToString() << std::endl;
  return EXIT_FAILURE;
}
