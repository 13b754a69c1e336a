// A process that a test talks to by lines, and kills.
#ifndef ROLLCALL_TESTS_SYSTEM_CRASH_LIFE_PROCESS_H_
#define ROLLCALL_TESTS_SYSTEM_CRASH_LIFE_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace rollcall::directory {

// One thread. The destructor kills the process.
class LifeProcess {
 public:
  // Nothing if the program does not start.
  static std::unique_ptr<LifeProcess> Start(std::vector<std::string> command);
  ~LifeProcess();
  LifeProcess(const LifeProcess&) = delete;
  LifeProcess& operator=(const LifeProcess&) = delete;

  // Whoever is dead does not hear it.
  void Write(absl::string_view line);
  // The next whole line; none once the process has ended. What it had written
  // before its end comes first; a line that was cut short is dropped.
  absl::optional<std::string> Read();

  // As kill -9 does. Lines that were written before can still be read.
  void Kill();
  // Waits for the end; true if it was SIGKILL.
  bool WasKilled();

 private:
  LifeProcess() = default;

  pid_t process_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string unread_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_CRASH_LIFE_PROCESS_H_
