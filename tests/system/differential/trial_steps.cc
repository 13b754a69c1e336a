#include "tests/system/differential/trial_steps.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/prng.h"

namespace rollcall::directory {

std::string Step::ToString() const {
  constexpr absl::string_view kNames[] = {
      "the tenant changes", "everything is read",
      "changes are read",   "audit",
      "one user is read",   "restart",
      "configuration",      "a selected group",
      "time passes",        "faults on",
      "faults off"};
  return absl::StrCat(kNames[static_cast<int>(kind)], " (", number, ")");
}

std::vector<Step> StepsOf(uint64_t seed) {
  using Kind = Step::Kind;
  constexpr Kind kDeck[] = {
      Kind::kChange,    Kind::kChange,     Kind::kChange,   Kind::kChange,
      Kind::kRound,     Kind::kRound,      Kind::kRound,    Kind::kRound,
      Kind::kFullRead,  Kind::kAudit,      Kind::kRestart,  Kind::kSingleUser,
      Kind::kConfigure, Kind::kTime,       Kind::kFaultsOn, Kind::kFaultsOn,
      Kind::kFaultsOff, Kind::kSingleUser, Kind::kVanish,   Kind::kVanish};
  entra::Prng prng(seed ^ 0x5eed);
  std::vector<Step> steps = {{Kind::kFullRead, prng.Next()}};
  for (uint64_t left = 8 + prng.Below(10); left > 0; --left) {
    const Kind kind = kDeck[prng.Below(std::size(kDeck))];
    steps.push_back({kind, prng.Next()});
    // A change that nobody reads is a lost chance.
    if (kind == Kind::kChange && prng.Chance(0.5)) {
      steps.push_back({Kind::kRound, prng.Next()});
    }
  }
  return steps;
}

}  // namespace rollcall::directory
