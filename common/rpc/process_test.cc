#include "common/rpc/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/log/log.h"
#include "common/rpc/fake_trash_server.h"
#include "common/status/errors.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::rpc {
namespace {

using ::testing::ExitedWithCode;
using ::testing::HasSubstr;

ProcessOptions Initialize(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "trash");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  return InitializeProcess(static_cast<int>(arguments.size()), argv.data(),
                           "trash");
}

TEST(Process, ReadsItsOptionsFromFlags) {
  const ProcessOptions options =
      Initialize({"--listen=127.0.0.1:7005", "--data_directory", "/data",
                  "--tls_ca=ca.pem", "--tls_certificate=trash.pem",
                  "--tls_key=trash.key", "--trust_domain=test.rollcall",
                  "--min_free_percent=3", "--checkpoint_interval=30m"});
  EXPECT_EQ(options.listen, "127.0.0.1:7005");
  EXPECT_EQ(options.data_directory, "/data");
  EXPECT_EQ(options.tls.ca_file, "ca.pem");
  EXPECT_EQ(options.tls.certificate_file, "trash.pem");
  EXPECT_EQ(options.tls.key_file, "trash.key");
  EXPECT_EQ(options.trust_domain, "test.rollcall");
  EXPECT_EQ(options.min_free_percent, 3);
  EXPECT_EQ(options.checkpoint_interval, absl::Minutes(30));
}

TEST(Process, LeavesNoTraceOfItsMemory) {
  Initialize({});
  EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0);
  rlimit cores{};
  getrlimit(RLIMIT_CORE, &cores);
  EXPECT_EQ(cores.rlim_max, 0u);
}

TEST(Process, WritesForItsOwnUserOnly) {
  umask(S_IWGRP | S_IWOTH);  // What a shell begins with.
  Initialize({});
  const std::string path = ::testing::TempDir() + "/written";
  std::ofstream(path) << "people";
  struct stat written = {};
  ASSERT_EQ(stat(path.c_str(), &written), 0);
  EXPECT_EQ(written.st_mode & (S_IRWXG | S_IRWXO), 0u);
}

TEST(ProcessDeathTest, EndsWith64OnAWrongCommandLine) {
  EXPECT_EXIT(Initialize({"--lissen=127.0.0.1:0"}), ExitedWithCode(64),
              "Unknown flag --lissen");
  EXPECT_EXIT(Initialize({"now"}), ExitedWithCode(64), "Unexpected argument");
  EXPECT_EXIT(Initialize({"--listen"}), ExitedWithCode(64), "needs a value");
  EXPECT_EXIT(Initialize({"--log_level=loud"}), ExitedWithCode(64),
              "--log_level cannot be loud");
  EXPECT_EXIT(Initialize({"--min_free_percent=100"}), ExitedWithCode(64),
              "--min_free_percent cannot be 100");
  EXPECT_EXIT(Initialize({"--checkpoint_interval=10ms"}), ExitedWithCode(64),
              "--checkpoint_interval cannot be 10ms");
}

TEST(ProcessDeathTest, EndsWith74WhenItsStoreFails) {
  EXPECT_EXIT(ExitOnStoreFailure(Unavailable("STORE_FAILED", "Disk gone.")),
              ExitedWithCode(74), "store_failed.*Disk gone");
}

TEST(Process, SaysWhyItCannotStart) {
  EXPECT_EQ(FailToStart(FailedPrecondition("X", "No.")), 78);
}

// What the log says about serving, once it does.
class ServingPort {
 public:
  ServingPort() {
    SetLogSink([this](absl::string_view line) {
      const std::vector<std::string> parts =
          absl::StrSplit(line, "\"event\":\"serving\"");
      if (parts.size() < 2) return;
      const std::vector<std::string> port = absl::StrSplit(line, "\"port\":");
      absl::MutexLock lock(&mutex_);
      port_ = std::stoi(port.at(1));
    });
  }
  ~ServingPort() { SetLogSink(nullptr); }

  int Wait() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](int* port) { return *port != 0; }, &port_));
    return port_;
  }

 private:
  absl::Mutex mutex_;
  int port_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(Process, ServesUntilItIsToldToEnd) {
  Initialize({});
  SimulatedClock clock(absl::UnixEpoch());
  FakeTrashServer trash;  // Its certificates and its service; never started.
  ServingPort serving;
  bool stopped = false;
  int code = -1;
  std::thread process([&] {
    code = Serve({.listen = "127.0.0.1:0",
                  .tls = trash.options.tls,
                  .trust_domain = trash.options.trust_domain,
                  .metrics_listen = "127.0.0.1:0"},
                 clock, *AccessPolicy::ForServices({FakeTrashService::kName}),
                 {&trash.service}, [&] { stopped = true; });
  });
  const auto stub = trash::v1::TrashService::NewStub(
      *OpenChannel({.target = absl::StrCat("127.0.0.1:", serving.Wait()),
                    .tls = trash.authority.ForPerson("acme", "OWNER"),
                    .trust_domain = trash.authority.trust_domain(),
                    .expected_service = "trash"}));
  EXPECT_OK(Get(*stub, "accounts/acme/trashedUsers/u1"));

  kill(getpid(), SIGTERM);
  process.join();
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(stopped);
}

TEST(Process, DoesNotServeWithoutCertificates) {
  SimulatedClock clock(absl::UnixEpoch());
  FakeTrashServer trash;
  EXPECT_EQ(Serve({.listen = "127.0.0.1:0", .trust_domain = "test.rollcall"},
                  clock, *AccessPolicy::ForServices({FakeTrashService::kName}),
                  {&trash.service}, nullptr),
            78);
}

}  // namespace
}  // namespace rollcall::rpc

// Signals are blocked before the first thread is made, as in every main.
int main(int argc, char** argv) {
  rollcall::rpc::BlockSignals();
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  return RUN_ALL_TESTS();
}
