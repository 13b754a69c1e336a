#include "services/directory/catching_up.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/store.h"
#include "services/directory/deleted_groups.h"
#include "services/directory/delta_walk.h"
#include "services/directory/group_table.h"
#include "services/directory/mirror_fold.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/round_questions.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Batch;
using store::StoredMirror;

bool IsBearable(const absl::Status& status) {
  return !EndsTheRead(status) || CallsForFullRead(status) ||
         ReasonOf(status) == "GRAPH_FORBIDDEN";
}

absl::Status TakeInto(absl::StatusOr<std::string> taken, std::string& link) {
  ASSIGN_OR_RETURN(link, std::move(taken));
  return absl::OkStatus();
}

}  // namespace

void CatchingUp::TakeFirstLinks(bool with_phones) {
  crew_.Add([this, with_phones] {
    return Bear(TakeInto(LatestUserDelta(graph_, with_phones), users_.link));
  });
  crew_.Add([this] {
    return Bear(TakeInto(LatestGroupDelta(graph_, {}), all_groups_.link));
  });
}

void CatchingUp::TakeGroupLinks(std::vector<SourceId> groups) {
  crew_.Add(
      [this, groups = std::move(groups)] { return Bear(SliceLinks(groups)); });
}

absl::Status CatchingUp::SliceLinks(const std::vector<SourceId>& groups) {
  // What changes cannot be followed for is not asked for, neither here nor in a
  // slice: the requests would fail one after the other.
  if (!trouble().ok()) return absl::OkStatus();
  // After the groups were read: who was deleted meanwhile is among them.
  ASSIGN_OR_RETURN(const std::vector<SourceId> deleted,
                   ListDeletedGroups(graph_, limits_.deleted_groups));
  watched_.insert(groups.begin(), groups.end());
  std::vector<SourceId> others;
  for (const SourceId& id : deleted) {
    if (watched_.insert(id).second) others.push_back(id);
  }
  groups_ = SliceGroups(groups, others);
  for (ChangeLink& slice : groups_) {
    crew_.Add([this, &slice]() -> absl::Status {
      if (!trouble().ok()) return absl::OkStatus();
      return Bear(TakeInto(LatestGroupDelta(graph_, slice.groups), slice.link));
    });
  }
  return absl::OkStatus();
}

absl::Status CatchingUp::Follow() {
  if (!trouble().ok()) return absl::OkStatus();
  followed_.links = {users_, all_groups_};
  return Bear(TryFollow());
}

absl::Status CatchingUp::TryFollow() {
  // A tenant that goes on and on is left to the audit.
  for (int times = 0; times < limits_.follows; ++times) {
    ASSIGN_OR_RETURN(followed_,
                     FollowLinks(graph_, crew_, std::move(followed_.links),
                                 std::move(followed_.digest)));
    // Deleted since deleted groups were listed: one that was nested before that
    // comes back nested. Only the links to be kept tell what comes after this.
    std::vector<SourceId> deleted;
    for (const auto& [id, news] : followed_.digest.groups) {
      if (news.removed && !watched_.contains(id)) deleted.push_back(id);
    }
    if (deleted.empty()) return absl::OkStatus();
    std::sort(deleted.begin(), deleted.end());
    ASSIGN_OR_RETURN(std::vector<ChangeLink> links,
                     directory::TakeGroupLinks(graph_, crew_, {}, deleted));
    std::move(links.begin(), links.end(), std::back_inserter(groups_));
    watched_.insert(deleted.begin(), deleted.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ChangeLink>> CatchingUp::Fold(
    const ReadWriter& writer, StoredMirror& mirror) {
  if (!trouble().ok()) return std::vector<ChangeLink>();
  absl::StatusOr<std::vector<ChangeLink>> links = TryFold(writer, mirror);
  if (links.ok()) return links;
  RETURN_IF_ERROR(Bear(links.status()));
  return std::vector<ChangeLink>();
}

absl::Status CatchingUp::trouble() const {
  absl::MutexLock lock(&mutex_);
  return trouble_;
}

absl::StatusOr<std::vector<ChangeLink>> CatchingUp::TryFold(
    const ReadWriter& writer, StoredMirror& mirror) {
  const store::StoredDirectory& options = writer.header().directory();
  const MirrorReader rows(writer.store(), writer.place());
  ASSIGN_OR_RETURN(std::vector<GroupRow> group_rows, rows.Groups());
  const GroupTable groups(std::move(group_rows));
  ASSIGN_OR_RETURN(
      const RoundAnswers answers,
      RoundQuestions(graph_, crew_, rows, groups,
                     UserSelect(options.phone_import_enabled()),
                     FollowedGroups(groups_), limits_, InDoubt::kEverybodyTold)
          .Ask(followed_.digest, followed_.links));
  Batch batch(writer.place().account());
  ASSIGN_OR_RETURN(FoldResult result,
                   MirrorFold(rows, groups, options, limits_, batch)
                       .Fold(followed_.digest, answers, mirror));
  // Nobody sees these rows before the switch.
  if (!batch.empty()) RETURN_IF_ERROR(writer.store().Commit(batch));
  mirror = std::move(result.mirror);
  std::vector<ChangeLink> links = std::move(groups_);
  links.insert(links.begin(), std::move(followed_.links.front()));
  for (const GroupLink& link : answers.links) {
    links.push_back({.groups = link.groups, .link = link.link});
  }
  return links;
}

absl::Status CatchingUp::Bear(const absl::Status& status) {
  if (!IsBearable(status)) return status;
  absl::MutexLock lock(&mutex_);
  trouble_.Update(status);
  return absl::OkStatus();
}

}  // namespace rollcall::directory
