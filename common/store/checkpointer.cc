#include "common/store/checkpointer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/status_macros.h"
#include "common/store/checkpoint.h"
#include "common/store/checkpoint_names.h"
#include "common/store/durable_files.h"

namespace rollcall::store {
namespace {

// One that is found damaged when it is needed leaves another one.
constexpr size_t kKept = 2;

void Announce(const std::vector<NamedCheckpoint>& verified) {
  static auto& newest =
      Gauge("rollcall_store_checkpoint_timestamp_seconds",
            "When the newest verified checkpoint of the store was made, in "
            "seconds since 1970; 0: there is none.");
  newest.Set(verified.empty()
                 ? 0
                 : absl::ToDoubleSeconds(verified[0].time - absl::UnixEpoch()));
}

void TellOfDamage(const std::string& path, const absl::Status& status) {
  static auto& damaged =
      Counter("rollcall_store_checkpoint_damaged_total",
              "Checkpoints that did not pass their verification; the store "
              "shares most files with them.");
  if (status.code() != absl::StatusCode::kDataLoss) return;
  damaged.Increment();
  LogError("store_checkpoint_damaged", {{"path", path}, {"status", status}});
}

}  // namespace

Checkpointer::Checkpointer(CheckpointerOptions options)
    : options_(std::move(options)),
      folder_(AbsolutePath(options_.path) + ".checkpoints") {}

std::string Checkpointer::PathOf(absl::string_view name) const {
  return absl::StrCat(folder_, "/", name);
}

absl::StatusOr<Pace> Checkpointer::RunOnce(absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder_));
  for (const std::string& leftover : LeftoversOfCheckpoints(names)) {
    RETURN_IF_ERROR(RemoveFolder(PathOf(leftover)));
  }
  const std::vector<NamedCheckpoint> verified = VerifiedCheckpoints(names, now);
  Announce(verified);
  const bool has_just_failed = failed_.has_value() && *failed_ <= now &&
                               now - *failed_ < options_.interval;
  if (has_just_failed || !IsCheckpointDue(verified, now, options_.interval)) {
    return Pace::kRest;
  }
  failed_ = now;
  RETURN_IF_ERROR(Make(now));
  failed_ = absl::nullopt;
  RETURN_IF_ERROR(RemoveOutdated(now));
  return Pace::kRest;
}

absl::Status Checkpointer::Make(absl::Time now) {
  const absl::Time began = options_.clock.TimeNow();
  const std::string path = PathOf(CheckpointName(now));
  const std::string unverified = absl::StrCat(path, kUnverified);
  RETURN_IF_ERROR(MakeFolder(folder_));
  RETURN_IF_ERROR(options_.store.Checkpoint(unverified));
  const absl::StatusOr<CopyFacts> facts =
      VerifyCopy({.path = unverified,
                  .max_bytes_per_second = options_.max_bytes_per_second,
                  .is_stopping = [this] { return is_stopping_.load(); }});
  if (!facts.ok()) {
    TellOfDamage(unverified, facts.status());
    RETURN_IF_ERROR(RemoveFolder(unverified));
    // A process that ends has not failed.
    return is_stopping_ ? absl::OkStatus() : facts.status();
  }
  RETURN_IF_ERROR(Rename(unverified, path));
  LogInfo("store_checkpoint", {{"path", path},
                               {"incarnation", facts->identity.incarnation},
                               {"rows", facts->rows},
                               {"bytes", facts->bytes},
                               {"seconds", options_.clock.TimeNow() - began}});
  return absl::OkStatus();
}

absl::Status Checkpointer::RemoveOutdated(absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder_));
  const std::vector<NamedCheckpoint> verified = VerifiedCheckpoints(names, now);
  Announce(verified);
  for (size_t i = kKept; i < verified.size(); ++i) {
    const std::string path = PathOf(verified[i].name);
    const std::string removing = absl::StrCat(path, kRemoving);
    RETURN_IF_ERROR(Rename(path, removing));
    RETURN_IF_ERROR(RemoveFolder(removing));
  }
  return absl::OkStatus();
}

}  // namespace rollcall::store
