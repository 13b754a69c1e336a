#include "common/store/checkpoint_names.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/strip.h"
#include "absl/types/optional.h"

namespace rollcall::store {
namespace {

constexpr char kFormat[] = "%Y-%m-%dT%H%M%SZ";

// The time that a name says, if it is one of ours.
absl::optional<absl::Time> TimeOf(absl::string_view name) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(kFormat, name, &time, &error)) return absl::nullopt;
  // ParseTime takes more than CheckpointName makes: spaces, for example.
  if (CheckpointName(time) != name) return absl::nullopt;
  return time;
}

}  // namespace

std::string CheckpointName(absl::Time time) {
  return absl::FormatTime(kFormat, time, absl::UTCTimeZone());
}

std::vector<NamedCheckpoint> VerifiedCheckpoints(
    const std::vector<std::string>& names, absl::Time now) {
  std::vector<NamedCheckpoint> verified;
  for (const std::string& name : names) {
    if (const auto time = TimeOf(name); time.has_value()) {
      verified.push_back({name, *time});
    }
  }
  const auto order = [now](const NamedCheckpoint& checkpoint) {
    return std::make_tuple(checkpoint.time > now, now - checkpoint.time);
  };
  std::sort(verified.begin(), verified.end(),
            [&](const NamedCheckpoint& a, const NamedCheckpoint& b) {
              return order(a) < order(b);
            });
  return verified;
}

std::vector<std::string> LeftoversOfCheckpoints(
    const std::vector<std::string>& names) {
  std::vector<std::string> leftovers;
  for (const std::string& name : names) {
    absl::string_view rest = name;
    absl::ConsumeSuffix(&rest, ".tmp");
    if ((absl::ConsumeSuffix(&rest, kUnverified) ||
         absl::ConsumeSuffix(&rest, kRemoving)) &&
        TimeOf(rest).has_value()) {
      leftovers.push_back(name);
    }
  }
  return leftovers;
}

bool IsCheckpointDue(const std::vector<NamedCheckpoint>& verified,
                     absl::Time now, absl::Duration interval) {
  return verified.empty() || verified[0].time > now ||
         now - verified[0].time >= interval;
}

}  // namespace rollcall::store
