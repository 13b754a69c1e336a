#include "services/enrollment/smtp_reply.h"

#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace rollcall::enrollment {

void PrintTo(MailOutcome outcome, std::ostream* out) {
  *out << MailOutcomeName(outcome);
}

namespace {

struct Case {
  std::string name;
  SmtpStage stage;
  int reply;
  MailOutcome expected;
};

class SmtpReplyTest : public ::testing::TestWithParam<Case> {};

TEST_P(SmtpReplyTest, B8_Classifies) {
  EXPECT_EQ(ClassifyReply(GetParam().stage, GetParam().reply),
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SmtpReplyTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"NoConnection", SmtpStage::kGreeting, 0, MailOutcome::kUnreachable},
        {"BannerRefuses", SmtpStage::kGreeting, 554, MailOutcome::kUnreachable},
        {"BannerBusy", SmtpStage::kGreeting, 421, MailOutcome::kUnreachable},
        {"SenderRefused", SmtpStage::kTransaction, 550, MailOutcome::kFailed},
        {"Greylisted", SmtpStage::kTransaction, 451, MailOutcome::kRetry},
        {"Closing", SmtpStage::kTransaction, 421, MailOutcome::kRetry},
        {"HungUpInBody", SmtpStage::kTransaction, 354, MailOutcome::kRetry},
        {"HungUpAfterMail", SmtpStage::kTransaction, 0, MailOutcome::kRetry},
        {"Accepted", SmtpStage::kFinalDot, 250, MailOutcome::kSent},
        {"ContentRefused", SmtpStage::kFinalDot, 554, MailOutcome::kFailed},
        {"DiskFull", SmtpStage::kFinalDot, 452, MailOutcome::kRetry},
        {"NoWordAfterTheDot", SmtpStage::kFinalDot, 0, MailOutcome::kUnknown},
        {"OnlyTheGoAheadOfData", SmtpStage::kFinalDot, 354,
         MailOutcome::kUnknown},
        {"Nonsense", SmtpStage::kFinalDot, 999, MailOutcome::kUnknown},
    }),
    [](const auto& test) { return test.param.name; });

// Whatever a server says: before the final dot nothing is sent or unknown, and
// after it nothing is tried again without the server's no.
TEST(SmtpReply, B8_NeverResendsWhatMayHaveBeenAccepted) {
  for (int reply = 0; reply < 1000; ++reply) {
    for (const SmtpStage stage :
         {SmtpStage::kGreeting, SmtpStage::kTransaction}) {
      EXPECT_NE(ClassifyReply(stage, reply), MailOutcome::kSent);
      EXPECT_NE(ClassifyReply(stage, reply), MailOutcome::kUnknown);
    }
    const MailOutcome last = ClassifyReply(SmtpStage::kFinalDot, reply);
    EXPECT_NE(last, MailOutcome::kUnreachable);
    if (last == MailOutcome::kRetry) {
      EXPECT_EQ(reply / 100, 4);
    }
  }
}

}  // namespace
}  // namespace rollcall::enrollment
