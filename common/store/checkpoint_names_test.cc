#include "common/store/checkpoint_names.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Time At(int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(2026, 11, 23, hour, minute),
                         absl::UTCTimeZone());
}

std::vector<std::string> NamesOf(const std::vector<NamedCheckpoint>& found) {
  std::vector<std::string> names;
  for (const NamedCheckpoint& checkpoint : found) {
    names.push_back(checkpoint.name);
  }
  return names;
}

std::vector<NamedCheckpoint> Verified(const std::vector<absl::Time>& times,
                                      absl::Time now) {
  std::vector<std::string> names;
  for (const absl::Time time : times) names.push_back(CheckpointName(time));
  return VerifiedCheckpoints(names, now);
}

TEST(CheckpointNames, AreTimesInUtc) {
  EXPECT_EQ(CheckpointName(At(14, 5)), "2026-11-23T140500Z");
}

TEST(CheckpointNames, TheNewestComesFirst) {
  EXPECT_THAT(NamesOf(Verified({At(9), At(11), At(10)}, At(12))),
              ElementsAre("2026-11-23T110000Z", "2026-11-23T100000Z",
                          "2026-11-23T090000Z"));
}

TEST(CheckpointNames, OneOfATimeToComeIsTheOldest) {
  EXPECT_THAT(NamesOf(Verified({At(9), At(23), At(10)}, At(12))),
              ElementsAre("2026-11-23T100000Z", "2026-11-23T090000Z",
                          "2026-11-23T230000Z"));
}

TEST(CheckpointNames, OnlyWhatIsNamedByATimeIsVerified) {
  EXPECT_THAT(
      NamesOf(VerifiedCheckpoints(
          {"2026-11-23T090000Z", "2026-11-23T100000Z.unverified",
           "2026-11-23T100000Z.unverified.tmp", "2026-11-23T080000Z.removing",
           " 2026-11-23T100000Z", "2026-11-23T100000Z ", "2026-13-23T100000Z",
           "latest", "", "lost+found"},
          At(12))),
      ElementsAre("2026-11-23T090000Z"));
}

TEST(CheckpointNames, LeftoversAreOursAlone) {
  EXPECT_THAT(
      LeftoversOfCheckpoints(
          {"2026-11-23T090000Z", "2026-11-23T100000Z.unverified",
           "2026-11-23T100000Z.unverified.tmp", "2026-11-23T080000Z.removing",
           "copy.unverified", "latest", "notes.tmp", ".unverified",
           "2026-11-23T090000Z.tmp", "2026-11-23T090000Z.tar"}),
      ElementsAre("2026-11-23T100000Z.unverified",
                  "2026-11-23T100000Z.unverified.tmp",
                  "2026-11-23T080000Z.removing"));
  EXPECT_THAT(LeftoversOfCheckpoints({}), IsEmpty());
}

TEST(CheckpointNames, AnotherIsDueAnIntervalAfterTheNewest) {
  const absl::Duration hour = absl::Hours(1);
  EXPECT_TRUE(IsCheckpointDue({}, At(12), hour));
  EXPECT_FALSE(
      IsCheckpointDue(Verified({At(9), At(12)}, At(12, 59)), At(12, 59), hour));
  EXPECT_TRUE(IsCheckpointDue(Verified({At(9), At(12)}, At(13)), At(13), hour));
  // The clock was ahead, or has gone back.
  EXPECT_TRUE(IsCheckpointDue(Verified({At(23)}, At(12)), At(12), hour));
}

}  // namespace
}  // namespace rollcall::store
