// Decides which part of a sync is too dangerous to be carried out without being
// asked for (B2). There is no way to switch it off. Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_GUARD_H_
#define ROLLCALL_SERVICES_RECONCILIATION_GUARD_H_

#include <array>
#include <cstdint>
#include <vector>

namespace rollcall::reconciliation {

// What a sync may do too often. The numbers are those of the contract.
enum class Danger {
  kRemoved = 1,        // Users go to the trash.
  kDisabled = 2,       // Users are disabled.
  kGroupsEmptied = 3,  // Groups lose their last member.
  kMerged = 4,         // Users whom nobody manages are merged into.
  kEmailsCleared = 5,  // A5
  // Members whom the directory does not know leave groups that it has taken
  // over (R45, R46).
  kMembersRemoved = 6,
};

inline constexpr std::array<Danger, 6> kDangers = {
    Danger::kRemoved, Danger::kDisabled,      Danger::kGroupsEmptied,
    Danger::kMerged,  Danger::kEmailsCleared, Danger::kMembersRemoved};

// More than `count` rows, and more than `percent` of the live ones, are held.
struct Limit {
  int percent = 10;
  int64_t count = 5;

  friend bool operator==(const Limit&, const Limit&) = default;
};

bool IsOver(int64_t rows, int64_t live, const Limit& limit);

// No limit of a directory lets more through: there is no switch to turn the
// guard off.
inline constexpr Limit kHighestLimit = {.percent = 50, .count = 5};

// One danger of one sync.
struct GuardFact {
  Danger danger = Danger::kRemoved;
  int64_t rows = 0;   // What the sync would do, and is held already.
  int64_t taken = 0;  // What syncs have done within a day, not being asked.
  int64_t live = 0;   // What there is, and was before they did it.
  Limit limit;
};

// The facts whose part of the sync is to be held, for with what was done within
// a day it is too much, with the limit that each is over: its own, or the
// highest one.
std::vector<GuardFact> Judge(const std::vector<GuardFact>& facts);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_GUARD_H_
