// A directory service as a process, seen from outside, and when it is to die.
#ifndef ROLLCALL_TESTS_SYSTEM_CRASH_FATED_LIFE_H_
#define ROLLCALL_TESTS_SYSTEM_CRASH_FATED_LIFE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/prng.h"
#include "tests/system/crash/life_process.h"

namespace rollcall::directory {

// How a life ends.
enum class Death {
  kLines,         // Killed from outside, after so many lines of its output.
  kRequests,      // Likewise, after so many requests to the tenant.
  kBeforeCommit,  // By itself, when it wants to write to the store,
  kAfterCommit,   // or has written and told nobody,
  kDiskWrite,     // or when half of a write has reached the disk.
  kTornCommit,    // Half of a batch is there: what the store never does.
};

struct Fate {
  Death death = Death::kLines;
  bool early = false;  // Counted from the start, or from BeginToCount on.
  int64_t count = 0;

  std::string ToString() const;
};

Fate ChooseFate(const std::vector<Death>& deaths, bool early,
                entra::Prng& prng);

// One thread. Ends with its process.
class Life {
 public:
  // Nothing if the program does not start. `emulator` must outlive the life.
  static std::unique_ptr<Life> Begin(const Fate& fate,
                                     entra::Emulator& emulator,
                                     const std::vector<std::string>& flags);

  void Write(absl::string_view line) { process_->Write(line); }
  // A line; none after death. Kills, if the moment has come.
  absl::optional<std::string> Next();
  void BeginToCount();
  // Waits for the end; true if it was SIGKILL.
  bool WasKilled() { return process_->WasKilled(); }

 private:
  Life(const Fate& fate, entra::Emulator& emulator,
       std::unique_ptr<LifeProcess> process)
      : fate_(fate), emulator_(emulator), process_(std::move(process)) {}

  const Fate fate_;
  entra::Emulator& emulator_;
  const std::unique_ptr<LifeProcess> process_;
  bool counting_ = false;
  int64_t lines_ = 0;
  int64_t requests_ = 0;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_CRASH_FATED_LIFE_H_
