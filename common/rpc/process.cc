#include "common/rpc/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/status_macros.h"
#include "common/time/clock.h"
#include "common/time/periodic_worker.h"
#include "grpc/support/log.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:0",
          "Where to accept calls, host:port; port 0 takes any free one.");
ABSL_FLAG(std::string, data_directory, "",
          "The directory of this service's store; its checkpoints lie beside "
          "it, in the same name with .checkpoints behind it.");
ABSL_FLAG(int, min_free_percent, 10,
          "How much of the disk has to stay free, 0 to 99; below it, and below "
          "512 MiB, the store takes no writes. For a very large disk: less.");
ABSL_FLAG(absl::Duration, checkpoint_interval, absl::Hours(1),
          "How often a verified checkpoint of the store is made, a second or "
          "more; 0: never.");
ABSL_FLAG(std::string, tls_ca, "",
          "PEM file of the authorities whose certificates are accepted.");
ABSL_FLAG(std::string, tls_certificate, "",
          "PEM file of this process's certificate chain.");
ABSL_FLAG(std::string, tls_key, "",
          "PEM file of the key of --tls_certificate.");
ABSL_FLAG(std::string, trust_domain, "rollcall",
          "The SPIFFE trust domain of this installation.");
ABSL_FLAG(std::string, metrics_listen, "",
          "Where to serve metrics, host:port on loopback or a network of "
          "operators; empty: nowhere.");
ABSL_FLAG(std::string, log_level, "info",
          "The lowest level that is logged: debug, info, warning or error.");

namespace rollcall::rpc {
namespace {

// How soon a swap of certificates that went wrong is noticed.
constexpr absl::Duration kTlsCheckPeriod = absl::Seconds(30);

// sysexits.h: what a supervisor learns from the exit code.
constexpr int kUsageError = 64;
constexpr int kStoreError = 74;
constexpr int kConfigurationError = 78;

// How long calls under way may go on after SIGTERM; less than the time that
// supervisors wait before SIGKILL (30 seconds in Kubernetes).
constexpr absl::Duration kDrainGrace = absl::Seconds(20);

[[noreturn]] void ExitWithUsage(const std::string& problem) {
  std::fprintf(stderr, "%s Try --help.\n", problem.c_str());
  std::exit(kUsageError);
}

// Abseil ends the process with 1 on a wrong command line; a supervisor needs to
// know that starting again is no use, so it is checked here first.
void CheckCommandLine(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (!absl::ConsumePrefix(&argument, "--")) {
      ExitWithUsage(absl::StrCat("Unexpected argument ", argument, "."));
    }
    if (absl::StartsWith(argument, "help")) continue;
    const size_t equals = argument.find('=');
    const absl::string_view name = argument.substr(0, equals);
    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    if (flag == nullptr && equals == absl::string_view::npos &&
        absl::ConsumePrefix(&argument, "no")) {
      flag = absl::FindCommandLineFlag(argument);
      if (flag != nullptr && flag->IsOfType<bool>()) continue;
      flag = nullptr;
    }
    if (flag == nullptr)
      ExitWithUsage(absl::StrCat("Unknown flag --", name, "."));
    std::string value;
    if (equals != absl::string_view::npos) {
      value = std::string(argument.substr(equals + 1));
    } else if (flag->IsOfType<bool>()) {
      value = "true";
    } else if (++i < argc) {
      value = argv[i];
    } else {
      ExitWithUsage(absl::StrCat("Flag --", name, " needs a value."));
    }
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      ExitWithUsage(
          absl::StrCat("Flag --", name, " cannot be ", value, ". ", error));
    }
  }
}

LogLevel LogLevelFromFlag() {
  const std::string level = absl::GetFlag(FLAGS_log_level);
  if (level == "debug") return LogLevel::kDebug;
  if (level == "info") return LogLevel::kInfo;
  if (level == "warning") return LogLevel::kWarning;
  if (level == "error") return LogLevel::kError;
  ExitWithUsage(absl::StrCat("Flag --log_level cannot be ", level, "."));
}

int MinFreePercentFromFlag() {
  const int percent = absl::GetFlag(FLAGS_min_free_percent);
  if (percent >= 0 && percent <= 99) return percent;
  ExitWithUsage(
      absl::StrCat("Flag --min_free_percent cannot be ", percent, "."));
}

absl::Duration CheckpointIntervalFromFlag() {
  const absl::Duration interval = absl::GetFlag(FLAGS_checkpoint_interval);
  // Checkpoints are named by the second.
  if (interval == absl::ZeroDuration() || interval >= absl::Seconds(1)) {
    return interval;
  }
  ExitWithUsage(absl::StrCat("Flag --checkpoint_interval cannot be ",
                             absl::FormatDuration(interval), "."));
}

// The store holds people and sealed secrets: what this process writes is for
// its own user.
void KeepFilesPrivate() { umask(S_IRWXG | S_IRWXO); }

// Memory holds tokens and keys: it goes neither to a core file nor to another
// process of the same user.
void KeepMemoryPrivate() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

// What gRPC has to say goes into the same log, as lines of the same form. Its
// errors are mostly those of strangers: handshakes that fail.
void LogFromGrpc(gpr_log_func_args* line) {
  if (line->severity != GPR_LOG_SEVERITY_ERROR) return;
  LogWarning(
      "grpc",
      {{"file", line->file}, {"line", line->line}, {"message", line->message}});
}

}  // namespace

ProcessOptions InitializeProcess(int argc, char** argv,
                                 const std::string& service) {
  BlockSignals();
  KeepMemoryPrivate();
  KeepFilesPrivate();
  RequireTls13();
  CheckCommandLine(argc, argv);
  absl::ParseCommandLine(argc, argv);
  InitializeLog({.service = service, .min_level = LogLevelFromFlag()});
  gpr_set_log_function(LogFromGrpc);
  return ProcessOptions{
      .listen = absl::GetFlag(FLAGS_listen),
      .data_directory = absl::GetFlag(FLAGS_data_directory),
      .tls = {.ca_file = absl::GetFlag(FLAGS_tls_ca),
              .certificate_file = absl::GetFlag(FLAGS_tls_certificate),
              .key_file = absl::GetFlag(FLAGS_tls_key)},
      .trust_domain = absl::GetFlag(FLAGS_trust_domain),
      .metrics_listen = absl::GetFlag(FLAGS_metrics_listen),
      .min_free_percent = MinFreePercentFromFlag(),
      .checkpoint_interval = CheckpointIntervalFromFlag()};
}

void ExitOnStoreFailure(const absl::Status& status) {
  LogError("store_failed", {{"status", status}});
  // At once: closing a store that has failed may abort (reliability finding 2).
  _exit(kStoreError);
}

int Serve(const ProcessOptions& options, Clock& clock, AccessPolicy policy,
          const std::vector<grpc::Service*>& services,
          const std::function<void()>& stop,
          const std::function<void()>& end_streams) {
  auto server = Server::Start({.address = options.listen,
                               .tls = options.tls,
                               .trust_domain = options.trust_domain},
                              std::move(policy), services);
  if (!server.ok()) return FailToStart(server.status());

  std::unique_ptr<MetricsServer> metrics;
  if (!options.metrics_listen.empty()) {
    auto started = MetricsServer::Start(options.metrics_listen);
    if (!started.ok()) return FailToStart(started.status());
    metrics = *std::move(started);
  }

  // Files that do not fit together fail every new handshake: an operator hears
  // of it here, in the log and as an error of this worker.
  const PeriodicWorker tls_check(
      {.name = "tls-files", .period = kTlsCheckPeriod}, clock,
      [&options](absl::Time) -> absl::StatusOr<Pace> {
        RETURN_IF_ERROR(CheckTlsFiles(options.tls).status());
        return Pace::kRest;
      });

  LogInfo("serving", {{"address", options.listen},
                      {"port", (*server)->port()},
                      {"metrics_port", metrics ? metrics->port() : 0}});
  WaitForSignal();
  LogInfo("draining", {{"grace_seconds", kDrainGrace}});
  if (end_streams) end_streams();
  (*server)->Drain(kDrainGrace);
  if (stop) stop();
  LogInfo("stopped");
  return 0;
}

int FailToStart(const absl::Status& status) {
  LogError("start_failed", {{"status", status}});
  return kConfigurationError;
}

}  // namespace rollcall::rpc
