#include "tests/system/crash/fated_life.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace rollcall::directory {
namespace {

std::string LifeProgram() {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  return absl::StrCat(runfiles == nullptr ? "." : runfiles, "/",
                      workspace == nullptr ? "" : workspace,
                      "/tests/system/crash/life");
}

// How the program calls a death that it dies by itself.
absl::string_view DoomOf(Death death) {
  switch (death) {
    case Death::kLines:
    case Death::kRequests:
      return "";
    case Death::kBeforeCommit:
      return "before_commit";
    case Death::kAfterCommit:
      return "after_commit";
    case Death::kDiskWrite:
      return "disk_write";
    case Death::kTornCommit:
      return "torn_commit";
  }
  return "";
}

// Enough for some operations to end before, and few enough for the next death
// to come soon.
uint64_t MostOf(Death death, bool early) {
  switch (death) {
    case Death::kLines:
      return early ? 60 : 600;
    case Death::kRequests:
      return early ? 4 : 60;
    case Death::kBeforeCommit:
    case Death::kAfterCommit:
    case Death::kTornCommit:
      return early ? 3 : 14;
    case Death::kDiskWrite:
      return early ? 40 : 60;
  }
  return 1;
}

}  // namespace

std::string Fate::ToString() const {
  const absl::string_view doom = DoomOf(death);
  return absl::StrCat(!doom.empty()            ? doom
                      : death == Death::kLines ? "lines"
                                               : "requests",
                      " ", count, early ? ", early" : "");
}

Fate ChooseFate(const std::vector<Death>& deaths, bool early,
                entra::Prng& prng) {
  Fate fate{.death = deaths[prng.Below(deaths.size())], .early = early};
  fate.count = 1 + static_cast<int64_t>(prng.Below(MostOf(fate.death, early)));
  return fate;
}

std::unique_ptr<Life> Life::Begin(const Fate& fate, entra::Emulator& emulator,
                                  const std::vector<std::string>& flags) {
  std::vector<std::string> command = {
      LifeProgram(),
      absl::StrCat("--origin=", emulator.origin()),
      absl::StrCat("--tenant_id=", emulator.tenant_id()),
      absl::StrCat("--ca_file=", emulator.ca_file()),
      absl::StrCat("--doom=", DoomOf(fate.death)),
      absl::StrCat("--doom_count=", fate.count),
      absl::StrCat("--doomed_from_start=", fate.early)};
  command.insert(command.end(), flags.begin(), flags.end());
  std::unique_ptr<LifeProcess> process = LifeProcess::Start(std::move(command));
  if (process == nullptr) return nullptr;
  std::unique_ptr<Life> life(new Life(fate, emulator, std::move(process)));
  if (fate.early) life->BeginToCount();
  return life;
}

absl::optional<std::string> Life::Next() {
  absl::optional<std::string> line = process_->Read();
  if (!counting_) return line;
  const bool is_due =
      (fate_.death == Death::kLines && ++lines_ >= fate_.count) ||
      (fate_.death == Death::kRequests &&
       emulator_.request_count() - requests_ >= fate_.count);
  if (is_due) process_->Kill();
  return line;
}

void Life::BeginToCount() {
  counting_ = true;
  requests_ = emulator_.request_count();
}

}  // namespace rollcall::directory
