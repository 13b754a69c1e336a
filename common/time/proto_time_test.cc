#include "common/time/proto_time.h"

#include <cstdint>
#include <limits>

#include "common/time/proto_duration.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

TEST(ProtoTime, EveryNanosecondComesBack) {
  for (const int64_t nanos :
       {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{-1'000'000'000},
        int64_t{1'760'000'000'123'456'789}}) {
    const absl::Time time = absl::FromUnixNanos(nanos);
    EXPECT_EQ(FromTimestamp(ToTimestamp(time)), time) << nanos;
  }
}

TEST(ProtoTime, NanosCountForwardBefore1970Too) {
  const google::protobuf::Timestamp timestamp =
      ToTimestamp(absl::UnixEpoch() - absl::Nanoseconds(1));
  EXPECT_EQ(timestamp.seconds(), -1);
  EXPECT_EQ(timestamp.nanos(), 999'999'999);
}

// As far as the calendar of the Timestamp goes, which nanoseconds in 64 bits do
// not.
TEST(ProtoTime, TheLastYearIsNotCut) {
  const absl::Time time =
      absl::FromCivil(absl::CivilDay(9999, 12, 31), absl::UTCTimeZone());
  EXPECT_EQ(ToTimestamp(time).seconds(), 253'402'214'400);
  EXPECT_EQ(FromTimestamp(ToTimestamp(time)), time);
}

TEST(ProtoDuration, WhatIsConvertedComesBack) {
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Seconds(90) + absl::Nanoseconds(1),
        -absl::Milliseconds(1500), absl::Hours(24)}) {
    EXPECT_EQ(FromProtoDuration(ToProtoDuration(duration)), duration);
  }
  EXPECT_EQ(ToProtoDuration(-absl::Milliseconds(1500)).nanos(), -500'000'000);
}

TEST(ProtoDuration, WhatIsNoDurationIsEndless) {
  const auto from = [](int64_t seconds, int32_t nanos) {
    google::protobuf::Duration message;
    message.set_seconds(seconds);
    message.set_nanos(nanos);
    return FromProtoDuration(message);
  };
  EXPECT_EQ(from(1, -1), absl::InfiniteDuration());
  EXPECT_EQ(from(-1, 1), absl::InfiniteDuration());
  EXPECT_EQ(from(0, 1'000'000'000), absl::InfiniteDuration());
  EXPECT_EQ(from(std::numeric_limits<int64_t>::min(), 0),
            absl::InfiniteDuration());
}

}  // namespace
}  // namespace rollcall
