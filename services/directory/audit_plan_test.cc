#include "services/directory/audit_plan.h"

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1'760'000'000);

TEST(AuditPlan, B6_AWholeRoundTakesLessThanADay) {
  for (const AuditSize& size :
       {AuditSize{1, 1}, AuditSize{400, 1'000'000}, AuditSize{100'000, 5}}) {
    const int64_t slices = size.groups + (size.users + 999) / 1000;
    EXPECT_LT(slices * AuditInterval(size), absl::Hours(24));
    EXPECT_GT(slices * AuditInterval(size), absl::Hours(19));
  }
}

TEST(AuditPlan, B6_TheFirstSliceIsDueAtOnceAndTheNextOneInTurn) {
  const AuditSize size{.groups = 19, .users = 1000};  // One an hour.
  EXPECT_TRUE(IsSliceDue(size, absl::UnixEpoch(), kNoon));
  EXPECT_FALSE(IsSliceDue(size, kNoon, kNoon));
  EXPECT_FALSE(
      IsSliceDue(size, kNoon, kNoon + absl::Hours(1) - absl::Seconds(1)));
  EXPECT_TRUE(IsSliceDue(size, kNoon, kNoon + absl::Hours(1)));
}

TEST(AuditPlan, AClockPutBackDoesNotStopIt) {
  EXPECT_TRUE(IsSliceDue({1, 1}, kNoon, kNoon - absl::Hours(48)));
}

TEST(AuditPlan, AnEmptyMirrorIsNoDivisionByZero) {
  EXPECT_EQ(AuditInterval({}), kAuditCycle);
}

}  // namespace
}  // namespace rollcall::directory
