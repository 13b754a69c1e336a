#include "deploy/first_sync/sync.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"

namespace rollcall::deploy {
namespace {

using enrollment::v1::EnrollmentService;
using enrollment::v1::ListMailsRequest;
using enrollment::v1::ListMailsResponse;
using reconciliation::v1::GetRunRequest;
using reconciliation::v1::ReconciliationService;
using reconciliation::v1::Run;
using ::testing::ElementsAre;

constexpr char kDirectory[] = "accounts/demo/directories/d1";
constexpr char kOurs[] = "accounts/demo/directories/d1/runs/ours";
constexpr char kEarlier[] = "accounts/demo/directories/d2/runs/earlier";
constexpr char kLater[] = "accounts/demo/directories/d2/runs/later";

Run Ended(const std::string& name, int64_t end_seconds) {
  Run run;
  run.set_name(name);
  run.set_state(Run::SUCCEEDED);
  run.set_phase(Run::ENDED);
  run.mutable_create_time()->set_seconds(100);
  run.mutable_end_time()->set_seconds(end_seconds);
  return run;
}

// A run that reads, applies, and ends at 200 s; and runs of another directory.
class Runs : public ReconciliationService::Service {
 public:
  grpc::Status CreateRun(grpc::ServerContext*,
                         const reconciliation::v1::CreateRunRequest*,
                         Run* response) override {
    *response = Ended(kOurs, 200);
    response->set_state(Run::RUNNING);
    return grpc::Status::OK;
  }

  grpc::Status WatchRun(grpc::ServerContext*,
                        const reconciliation::v1::WatchRunRequest*,
                        grpc::ServerWriter<Run>* writer) override {
    Run run = Ended(kOurs, 200);
    run.set_state(Run::RUNNING);
    run.set_phase(has_watched_ ? Run::APPLYING : Run::READING);
    writer->Write(run);
    // The first stream ends before the run.
    if (std::exchange(has_watched_, true)) writer->Write(Ended(kOurs, 200));
    return grpc::Status::OK;
  }

  grpc::Status GetRun(grpc::ServerContext*, const GetRunRequest* request,
                      Run* response) override {
    if (request->name() == kEarlier) {
      *response = Ended(kEarlier, 199);
    } else if (request->name() == kLater) {
      *response = Ended(kLater, 201);
    } else {
      return {grpc::StatusCode::NOT_FOUND, "No such run."};
    }
    return grpc::Status::OK;
  }

 private:
  bool has_watched_ = false;  // Calls come one after the other.
};

// Answers with one script line a call; the last one stays.
class Mails : public EnrollmentService::Service {
 public:
  struct Line {
    std::string last_released_run;
    int64_t sent = 0;
    bool releasing = false;
  };
  explicit Mails(std::vector<Line> script) : script_(std::move(script)) {}

  grpc::Status ListMails(grpc::ServerContext*, const ListMailsRequest*,
                         ListMailsResponse* response) override {
    const Line& line = script_[std::min(calls_, script_.size() - 1)];
    ++calls_;
    response->set_last_released_run(line.last_released_run);
    response->set_releasing(line.releasing);
    (*response->mutable_state_counts())["SENT"] = line.sent;
    return grpc::Status::OK;
  }

  size_t calls() const { return calls_; }

 private:
  const std::vector<Line> script_;
  size_t calls_ = 0;  // One caller, one call at a time.
};

struct Outcome {
  Report report;
  std::vector<std::string> phases;
  size_t calls = 0;
};

Outcome Sync(std::vector<Mails::Line> script) {
  Runs runs;
  Mails mails(std::move(script));
  grpc::ServerBuilder builder;
  builder.RegisterService(&runs);
  builder.RegisterService(&mails);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto channel = server->InProcessChannel(grpc::ChannelArguments());
  Stack stack;
  stack.reconciliation = ReconciliationService::NewStub(channel);
  stack.enrollment = EnrollmentService::NewStub(channel);
  Outcome outcome;
  int step = 0;
  const auto report = RunFullSync(stack, kDirectory, [&](const Sample& sample) {
    if (outcome.phases.empty() || outcome.phases.back() != sample.phase) {
      EXPECT_GT(sample.step, step) << sample.phase;
      outcome.phases.push_back(sample.phase);
    }
    step = sample.step;
  });
  EXPECT_OK(report);
  if (report.ok()) outcome.report = *report;
  outcome.calls = mails.calls();
  return outcome;
}

TEST(RunFullSync, R70_WaitsForTheMailsOfItsRun) {
  const Outcome outcome = Sync({{kEarlier, 5},
                                {kEarlier, 5},
                                {kOurs, 5, /*releasing=*/true},
                                {kOurs, 9}});
  EXPECT_EQ(outcome.report.mails_sent, 4);
  EXPECT_EQ(outcome.calls, 4u);
  EXPECT_THAT(outcome.phases, ElementsAre("reading", "applying", "mailing"));
}

TEST(RunFullSync, R70_ALaterRunMeansThatTheMailsOfItsOwnAreDecided) {
  const Outcome outcome = Sync({{kEarlier, 5}, {kLater, 9}});
  EXPECT_EQ(outcome.report.mails_sent, 4);
  EXPECT_EQ(outcome.calls, 2u);
}

TEST(RunFullSync, R70_ARunOfWhichNothingIsKnownTellsNothing) {
  const Outcome outcome = Sync(
      {{"", 0}, {"accounts/demo/directories/d2/runs/gone", 0}, {kOurs, 1}});
  EXPECT_EQ(outcome.calls, 3u);
}

}  // namespace
}  // namespace rollcall::deploy
