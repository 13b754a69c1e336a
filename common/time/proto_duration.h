// Converts between absl::Duration and protobuf's Duration.
#ifndef ROLLCALL_COMMON_TIME_PROTO_DURATION_H_
#define ROLLCALL_COMMON_TIME_PROTO_DURATION_H_

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace rollcall {

inline google::protobuf::Duration ToProtoDuration(absl::Duration duration) {
  google::protobuf::Duration message;
  message.set_seconds(
      absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return message;
}

// Endless for a message that is no duration by protobuf's rules, so that it is
// too long for whoever checks.
inline absl::Duration FromProtoDuration(
    const google::protobuf::Duration& message) {
  constexpr int64_t kMaxSeconds = 315'576'000'000;
  constexpr int32_t kNanosPerSecond = 1'000'000'000;
  const int64_t seconds = message.seconds();
  const int32_t nanos = message.nanos();
  const bool good = seconds >= -kMaxSeconds && seconds <= kMaxSeconds &&
                    nanos > -kNanosPerSecond && nanos < kNanosPerSecond &&
                    (seconds <= 0 || nanos >= 0) &&
                    (seconds >= 0 || nanos <= 0);
  if (!good) return absl::InfiniteDuration();
  return absl::Seconds(seconds) + absl::Nanoseconds(nanos);
}

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_TIME_PROTO_DURATION_H_
