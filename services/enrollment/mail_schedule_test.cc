#include "services/enrollment/mail_schedule.h"

#include "gtest/gtest.h"

namespace rollcall::enrollment {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1'770'000'000);

TEST(MailSchedule, B8_TriesComeLaterAndLaterButAtLeastHourly) {
  for (const double random : {0.0, 0.5, 0.999}) {
    EXPECT_LE(*NextAttempt(kNoon, 1, kNoon, random) - kNoon, absl::Minutes(1));
    EXPECT_GE(*NextAttempt(kNoon, 1, kNoon, random) - kNoon, absl::Seconds(30));
    EXPECT_LE(*NextAttempt(kNoon, 50, kNoon, random) - kNoon, absl::Hours(1));
    EXPECT_GE(*NextAttempt(kNoon, 50, kNoon, random) - kNoon,
              absl::Minutes(30));
  }
}

TEST(MailSchedule, B8_EveryMailComesToAnEnd) {
  absl::Time now = kNoon;
  int attempt = 1;
  while (const absl::optional<absl::Time> next =
             NextAttempt(kNoon, attempt, now, 0.5)) {
    ASSERT_GT(*next, now);
    now = *next;
    ++attempt;
  }
  EXPECT_GT(now - kNoon, absl::Hours(3 * 24));
  EXPECT_LT(now - kNoon, kGiveUpAfter);
  EXPECT_LT(attempt, 200);
}

}  // namespace
}  // namespace rollcall::enrollment
