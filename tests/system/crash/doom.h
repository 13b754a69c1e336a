// For tests of crashes: ends this process as kill -9 does, at the n-th event of
// one kind.
#ifndef ROLLCALL_TESTS_SYSTEM_CRASH_DOOM_H_
#define ROLLCALL_TESTS_SYSTEM_CRASH_DOOM_H_

#include <signal.h>

#include <atomic>
#include <string>
#include <utility>

namespace rollcall::directory {

// Thread-safe.
class Doom {
 public:
  // Kinds of events; anything else never happens.
  static constexpr char kBeforeCommit[] = "before_commit";
  static constexpr char kAfterCommit[] = "after_commit";
  static constexpr char kTornCommit[] = "torn_commit";
  static constexpr char kDiskWrite[] = "disk_write";

  // 1: the next one, once it is armed.
  Doom(std::string event, int n) : event_(std::move(event)), left_(n) {}

  void Arm() { armed_ = true; }

  // Whether this is the event; then nothing is left but to call Strike.
  bool IsDue(const char* event) {
    return armed_ && event == event_ && --left_ == 0;
  }
  // Nothing is flushed, closed or told to anybody.
  [[noreturn]] static void Strike() {
    while (true) raise(SIGKILL);
  }

 private:
  const std::string event_;
  std::atomic<bool> armed_{false};
  std::atomic<int> left_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_CRASH_DOOM_H_
