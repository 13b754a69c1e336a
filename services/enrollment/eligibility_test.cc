#include "services/enrollment/eligibility.h"

#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace rollcall::enrollment {

void PrintTo(Eligibility eligibility, std::ostream* out) {
  *out << EligibilityName(eligibility);
}

namespace {

constexpr DirectoryOptions kMail = {.enrollment_mail = true};
constexpr DirectoryOptions kMailAndPhones = {.enrollment_mail = true,
                                             .phone_import = true};

// A user whom nothing keeps from getting a mail.
Candidate Ada() { return {.email = "ada@example.com"}; }

struct Case {
  std::string name;
  Candidate user;
  DirectoryOptions directory;
  Eligibility expected;
};

Candidate With(void (*change)(Candidate*)) {
  Candidate user = Ada();
  change(&user);
  return user;
}

class EligibilityTest : public ::testing::TestWithParam<Case> {};

TEST_P(EligibilityTest, R82_R41_A11_A17_A18_B5_Judges) {
  EXPECT_EQ(Judge(GetParam().user, GetParam().directory), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, EligibilityTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"R82_OffByDefault", Ada(), DirectoryOptions(), Eligibility::kMailOff},
        {"R82_ActiveWithEmailAndWithoutDevice", Ada(), kMail,
         Eligibility::kEligible},
        {"A11_ImportedDisabled",
         With([](Candidate* u) { u->state = UserState::kDisabled; }), kMail,
         Eligibility::kDisabled},
        {"R82_Trashed",
         With([](Candidate* u) { u->state = UserState::kPendingDeletion; }),
         kMail, Eligibility::kTrashed},
        {"A18_TrashedAndReleased", With([](Candidate* u) {
           u->state = UserState::kPendingDeletion;
           u->managed = false;
         }),
         kMail, Eligibility::kTrashed},
        {"R82_Bypass",
         With([](Candidate* u) { u->state = UserState::kBypass; }), kMail,
         Eligibility::kBypass},
        {"R82_NoEmail", With([](Candidate* u) { u->email = ""; }), kMail,
         Eligibility::kNoEmail},
        {"R82_EmailThatInjectsAHeader",
         With([](Candidate* u) { u->email = "a@b.c\r\nBcc: x@y.z"; }), kMail,
         Eligibility::kNoEmail},
        {"R82_HasDevice", With([](Candidate* u) { u->device_count = 1; }),
         kMail, Eligibility::kHasDevice},
        {"R82_AnotherDirectorysUser",
         With([](Candidate* u) { u->managed = false; }), kMail,
         Eligibility::kNotManaged},
        {"B5_PinnedByAnUndoneRun", With([](Candidate* u) { u->pinned = true; }),
         kMail, Eligibility::kPinned},
        {"R41_PhoneDataAndPhonesImported",
         With([](Candidate* u) { u->source_has_phone_data = true; }),
         kMailAndPhones, Eligibility::kHasPhoneData},
        {"R41_PhoneDataButPhonesNotImported",
         With([](Candidate* u) { u->source_has_phone_data = true; }), kMail,
         Eligibility::kEligible},
        {"A17_PhonesImportedButThisUserHasNone", Ada(), kMailAndPhones,
         Eligibility::kEligible},
    }),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace rollcall::enrollment
