// A reconciliation service that is killed, as by kill -9, at random moments of
// runs, plans and undoing, 200 times (B12): it ends in the state and with the
// feed of one that is not.
//
// ROLLCALL_CRASH_SEED and ROLLCALL_CRASH_KILLS choose others. Moments depend on
// the machine as well: the same seed need not find the same twice.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/system/crash/life_process.h"

namespace rollcall::reconciliation {
namespace {

using directory::LifeProcess;
using ::testing::Contains;
using ::testing::HasSubstr;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

std::string LifeProgram() {
  return absl::StrCat(std::getenv("TEST_SRCDIR"), "/",
                      std::getenv("TEST_WORKSPACE"),
                      "/tests/system/run_crash/life");
}

// What ends a life: the n-th line that it says, or the n-th of an event that it
// watches for itself; none: nothing does.
struct Fate {
  std::string doom;
  int count = 0;
};

// The lives over one store, from an empty one to the end of the script.
struct Story {
  std::vector<std::string> rows;     // At the end.
  std::string defect;                // Why there is no end.
  std::map<std::string, int> kills;  // By what was going on.
  int lives = 0;
};

constexpr char kLine[] = "line";
// From here on: decisions, plans, undoing, cancellation.
constexpr int kFirstLateStep = 11;

class Folder {
 public:
  Folder() {
    std::string path = ::testing::TempDir() + "/run_crash.XXXXXX";
    path_ = mkdtemp(path.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <typename ChooseFate>
Story Tell(const ChooseFate& choose_fate) {
  const Folder folder;
  Story story;
  int step = 0;
  while (true) {
    const Fate fate = choose_fate(step);
    const auto life = LifeProcess::Start(
        {LifeProgram(), absl::StrCat("--store=", folder.path()),
         absl::StrCat("--life=", story.lives++), absl::StrCat("--step=", step),
         absl::StrCat("--doom=", fate.doom),
         absl::StrCat("--doom_count=", fate.count)});
    int lines = 0;
    std::vector<std::string> rows;
    while (const absl::optional<std::string> line = life->Read()) {
      absl::string_view rest = *line;
      if (absl::ConsumePrefix(&rest, "failed: ")) {
        story.defect = absl::StrCat("in step ", step, ": ", rest);
        return story;
      }
      if (absl::ConsumePrefix(&rest, "row ")) {
        rows.emplace_back(rest);
        continue;  // The story is over: nobody is killed any more.
      }
      int done = 0;
      if (absl::ConsumePrefix(&rest, "done ") &&
          absl::SimpleAtoi(rest, &done)) {
        step = done + 1;
      }
      if (fate.doom == kLine && ++lines == fate.count) life->Kill();
    }
    if (!life->WasKilled()) {
      story.rows = std::move(rows);
      if (story.rows.empty()) story.defect = "A life ended without a word.";
      return story;
    }
    ++story.kills[absl::StrCat("step ", step)];
    ++story.kills[fate.doom];
  }
}

Story Undisturbed() {
  return Tell([](int) { return Fate{}; });
}

TEST(RunCrash, B12_KilledTwoHundredTimesRunsEndAsIfNothingHadHappened) {
  const uint64_t seed = Setting("ROLLCALL_CRASH_SEED", 4);
  const int wanted = static_cast<int>(Setting("ROLLCALL_CRASH_KILLS", 200));
  std::mt19937_64 random(seed);
  const auto draw = [&](int most) {
    return std::uniform_int_distribution<int>(1, most)(random);
  };
  const auto choose_fate = [&](int step) -> Fate {
    // Undoing says nothing: it ends in its commits only.
    if (step >= kFirstLateStep && draw(2) == 1) {
      return {draw(2) == 1 ? "before_commit" : "after_commit", draw(50)};
    }
    switch (draw(8)) {
      case 1:
        return {"before_commit", draw(16)};
      case 2:
        return {"after_commit", draw(16)};
      case 3:
        return {"disk_write", draw(60)};
      default:
        return {kLine, draw(70)};
    }
  };
  const Story undisturbed = Undisturbed();
  ASSERT_EQ(undisturbed.defect, "");
  // The script is worth the effort: what can be held was held, and so on.
  for (const char* sign :
       {"REMOVED", "DISABLED", "SINGLE_USER", "HELD_BATCH", "APPLIED",
        "DISSOLVED", "kind: CHANGES", "kind: PLAN", "PLANNED", "kind: REVERT",
        "CANCELLED", "pinned", "SKIPPED_BY_DECISION", "<somebody>"}) {
    EXPECT_THAT(undisturbed.rows, Contains(HasSubstr(sign))) << sign;
  }
  std::map<std::string, int> kills;
  int total = 0;
  while (total < wanted) {
    const Story story = Tell(choose_fate);
    ASSERT_EQ(story.defect, "") << "seed " << seed << " after " << total;
    ASSERT_EQ(story.rows, undisturbed.rows)
        << "seed " << seed << " after " << total;
    total += story.lives - 1;
    for (const auto& [what, times] : story.kills) kills[what] += times;
  }
  for (const auto& [what, times] : kills) {
    RecordProperty(absl::StrCat("kills, ", what), times);
  }
  EXPECT_GT(kills[kLine], wanted / 4);
  // Death came in the middle of every kind of run.
  for (int step : {0, 1, 4, 5, 6, 8, 9, 12, 13, 14, 16}) {
    EXPECT_GT(kills[absl::StrCat("step ", step)], 0) << step;
  }
}

// The negative control: a store that keeps the latter half of a batch.
TEST(RunCrash, B12_HalfABatchIsFoundOut) {
  std::mt19937_64 random(5);
  const Story undisturbed = Undisturbed();
  int found_out = 0;
  for (int n = 0; n < 5; ++n) {
    const Story story = Tell([&](int) {
      return Fate{"torn_commit",
                  std::uniform_int_distribution<int>(1, 30)(random)};
    });
    found_out += !story.defect.empty() || story.rows != undisturbed.rows;
  }
  EXPECT_EQ(found_out, 5);
}

}  // namespace
}  // namespace rollcall::reconciliation
