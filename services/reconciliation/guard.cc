#include "services/reconciliation/guard.h"

namespace rollcall::reconciliation {

bool IsOver(int64_t rows, int64_t live, const Limit& limit) {
  return rows > limit.count && rows * 100 > live * limit.percent;
}

std::vector<GuardFact> Judge(const std::vector<GuardFact>& facts) {
  std::vector<GuardFact> held;
  for (const GuardFact& fact : facts) {
    if (fact.rows == 0) continue;
    const int64_t all = fact.rows + fact.taken;
    if (IsOver(all, fact.live, fact.limit)) {
      held.push_back(fact);
    } else if (IsOver(all, fact.live, kHighestLimit)) {
      held.push_back(fact);
      held.back().limit = kHighestLimit;
    }
  }
  return held;
}

}  // namespace rollcall::reconciliation
