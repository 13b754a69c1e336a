// Measures what a piece of work costs, in a process of its own.
#ifndef ROLLCALL_TESTS_BENCH_MEASURE_H_
#define ROLLCALL_TESTS_BENCH_MEASURE_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/local_tenant.h"

namespace rollcall::bench {

// What one step cost.
struct Figures {
  char step[24] = {};
  double seconds = 0;
  double cpu_seconds = 0;  // Of the process, all threads.
  int64_t peak_kib = 0;    // Resident, since the step before.
  int64_t users = 0;
  ServedCounts served;
};

// All runs of one step, of which there is at least one.
using Runs = std::vector<Figures>;

// Of a figure that `of` takes out of each run.
template <typename Of>
double Median(const Runs& runs, Of of) {
  std::vector<double> values;
  for (const Figures& figures : runs) {
    values.push_back(static_cast<double>(of(figures)));
  }
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A folder that goes away with this.
class Folder {
 public:
  // Made in `parent`; empty: where temporary files are. Ends the program if it
  // cannot be made.
  explicit Folder(const std::string& parent);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Measures from the making of this to Stop.
class StopWatch {
 public:
  explicit StopWatch(LocalTenant& tenant);
  Figures Stop(const std::string& step, int64_t users);

 private:
  LocalTenant& tenant_;
  ServedCounts served_;
  double cpu_seconds_;
  int64_t begin_ns_;
};

// Runs `work` in a child process and gives what it measured; ends the program
// if the child fails. To be called while there is one thread only.
std::vector<Figures> MeasureInChild(
    const std::function<std::vector<Figures>()>& work);

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_MEASURE_H_
