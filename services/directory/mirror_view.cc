#include "services/directory/mirror_view.h"

#include <string>

#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"
#include "services/directory/change_log.h"

namespace rollcall::directory {

using ::rollcall::store::Batch;
using ::rollcall::store::GetMessage;
using ::rollcall::store::Serialize;
using store::StoredFailure;
using store::StoredMirror;
using store::StoredRead;

absl::StatusOr<std::unique_ptr<MirrorView>> MirrorView::Open(
    const rollcall::store::Store& store, const DirectoryName& directory) {
  std::unique_ptr<rollcall::store::Reader> snapshot = store.Snapshot();
  ASSIGN_OR_RETURN(absl::optional<StoredMirror> mirror,
                   FindMirror(*snapshot, directory));
  if (!mirror.has_value()) return std::unique_ptr<MirrorView>();
  ReadPlace place{directory, mirror->generation()};
  ASSIGN_OR_RETURN(absl::optional<StoredRead> header,
                   GetMessage<StoredRead>(*snapshot, place.account(),
                                          mirror_keys::Read(place)));
  if (!header.has_value() || header->state() != StoredRead::SEALED) {
    return MirrorDamaged("the mirror names a read that is not sealed");
  }
  return std::make_unique<MirrorView>(std::move(snapshot), std::move(place),
                                      *std::move(header), *std::move(mirror));
}

absl::StatusOr<std::vector<SourceId>> MirrorView::ChangedSince(
    uint64_t sequence) const {
  return ReadChanges(*snapshot_, rows_.place().directory, sequence,
                     mirror_.sequence());
}

absl::StatusOr<absl::optional<StoredMirror>> FindMirror(
    const rollcall::store::Reader& reader, const DirectoryName& directory) {
  return GetMessage<StoredMirror>(reader, directory.account().id(),
                                  mirror_keys::Mirror(directory));
}

absl::StatusOr<absl::optional<StoredFailure>> FindFailure(
    const rollcall::store::Reader& reader, const DirectoryName& directory) {
  return GetMessage<StoredFailure>(reader, directory.account().id(),
                                   mirror_keys::Failure(directory));
}

absl::Status PutFailure(rollcall::store::Store& store,
                        const DirectoryName& directory, absl::Time now,
                        const absl::Status& why) {
  ASSIGN_OR_RETURN(const absl::optional<StoredFailure> before,
                   FindFailure(store, directory));
  StoredFailure failure;
  failure.set_refusals(before.has_value() ? before->refusals() : 0);
  if (ReasonOf(why) == "GRAPH_REFUSED") {
    failure.set_refusals(failure.refusals() + 1);
  }
  *failure.mutable_time() = ToTimestamp(now);
  failure.set_reason(ReasonOf(why));
  failure.set_message(std::string(why.message()));
  Batch batch(directory.account().id());
  batch.Put(mirror_keys::Failure(directory), Serialize(failure));
  return store.Commit(batch);
}

}  // namespace rollcall::directory
