// Converts between absl::Time and protobuf's Timestamp, without loss for every
// instant that a Timestamp can hold, those before 1970 included.
#ifndef ROLLCALL_COMMON_TIME_PROTO_TIME_H_
#define ROLLCALL_COMMON_TIME_PROTO_TIME_H_

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace rollcall {

inline google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);  // Rounds down.
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  // A timestamp's nanos count forward.
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

inline absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_TIME_PROTO_TIME_H_
