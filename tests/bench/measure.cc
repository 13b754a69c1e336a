#include "tests/bench/measure.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace rollcall::bench {
namespace {

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void ForgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

int64_t PeakKib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    absl::string_view text = line;
    int64_t kib = 0;
    if (absl::ConsumePrefix(&text, "VmHWM:") &&
        absl::SimpleAtoi(absl::StripSuffix(text, "kB"), &kib)) {
      return kib;
    }
  }
  return 0;
}

}  // namespace

Folder::Folder(const std::string& parent) {
  const std::filesystem::path in = parent.empty()
                                       ? std::filesystem::temp_directory_path()
                                       : std::filesystem::path(parent);
  path_ = (in / "bench.XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) std::exit(1);
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

StopWatch::StopWatch(LocalTenant& tenant)
    : tenant_(tenant), served_(tenant.Counts()) {
  ForgetPeak();
  cpu_seconds_ = CpuSeconds();
  begin_ns_ = absl::GetCurrentTimeNanos();
}

Figures StopWatch::Stop(const std::string& step, int64_t users) {
  Figures figures;
  figures.seconds =
      static_cast<double>(absl::GetCurrentTimeNanos() - begin_ns_) / 1e9;
  figures.cpu_seconds = CpuSeconds() - cpu_seconds_;
  figures.peak_kib = PeakKib();
  figures.users = users;
  std::snprintf(figures.step, sizeof(figures.step), "%s", step.c_str());
  figures.served = tenant_.Counts();
  figures.served.requests -= served_.requests;
  figures.served.bytes -= served_.bytes;
  figures.served.resource_units -= served_.resource_units;
  return figures;
}

std::vector<Figures> MeasureInChild(
    const std::function<std::vector<Figures>()>& work) {
  int ends[2];
  if (pipe(ends) != 0) std::exit(1);
  std::fflush(nullptr);  // What is buffered is printed by the parent only.
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    for (const Figures& figures : work()) {
      if (write(ends[1], &figures, sizeof(figures)) !=
          static_cast<ssize_t>(sizeof(figures))) {
        _exit(1);
      }
    }
    _exit(0);
  }
  close(ends[1]);
  std::vector<Figures> all;
  Figures figures;
  while (read(ends[0], &figures, sizeof(figures)) ==
         static_cast<ssize_t>(sizeof(figures))) {
    all.push_back(figures);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "A measurement failed.\n");
    std::exit(1);
  }
  return all;
}

}  // namespace rollcall::bench
