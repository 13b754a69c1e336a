// Times as the store's messages and the contract hold them.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_PROTO_TIME_H_
#define ROLLCALL_SERVICES_ENROLLMENT_PROTO_TIME_H_

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace rollcall::enrollment {

inline google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t nanos = absl::ToUnixNanos(time);
  constexpr int64_t kNanosPerSecond = 1'000'000'000;
  int64_t seconds = nanos / kNanosPerSecond;
  int64_t rest = nanos % kNanosPerSecond;
  if (rest < 0) {  // A timestamp's nanos count forward, before 1970 too.
    --seconds;
    rest += kNanosPerSecond;
  }
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(rest));
  return timestamp;
}

inline absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_PROTO_TIME_H_
