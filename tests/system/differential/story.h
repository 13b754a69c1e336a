// What happens in a trial, line by line, and the first thing that was wrong.
#ifndef ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_STORY_H_
#define ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_STORY_H_

#include <string>
#include <utility>
#include <vector>

namespace rollcall::directory {

// One thread.
class Story {
 public:
  void Say(std::string line) { lines_.push_back(std::move(line)); }
  // Only the first counts: the others may follow from it.
  void Defect(const std::string& what) {
    if (!is_sound()) return;
    defect_ = what;
    Say("DEFECT: " + what);
  }

  bool is_sound() const { return defect_.empty(); }
  const std::string& defect() const { return defect_; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::string defect_;
  std::vector<std::string> lines_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_STORY_H_
