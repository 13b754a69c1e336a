#include "services/directory/mirror_rounds.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/types/optional.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"
#include "services/directory/change_log.h"
#include "services/directory/delta_walk.h"
#include "services/directory/mirror_fold.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Batch;
using ::rollcall::store::Serialize;
using store::StoredDirectory;
using store::StoredMirror;

std::string JoinIds(const std::vector<SourceId>& ids) {
  std::string bytes;
  for (const SourceId& id : ids) bytes += id.Bytes();
  return bytes;
}

LinkScope ScopeOf(const MirrorView& mirror) {
  const store::StoredRead& header = mirror.header();
  return {mirror.rows().place().directory, header.tenant_id(),
          UserSelect(header.directory().phone_import_enabled())};
}

// Groups that were nested lately have links of their own, and more links than
// needed make every round dearer.
bool NeedReslicing(const std::vector<ChangeLink>& links, int64_t groups) {
  const auto often = std::count_if(
      links.begin(), links.end(),
      [](const ChangeLink& link) { return !link.users && !link.seldom; });
  constexpr auto kPerLink = static_cast<int64_t>(kGroupsPerDelta);
  return often > (groups + kPerLink - 1) / kPerLink;
}

std::vector<CursorRow> NotFollowed(const std::vector<CursorRow>& cursors,
                                   Follow which) {
  std::vector<CursorRow> kept;
  std::copy_if(cursors.begin(), cursors.end(), std::back_inserter(kept),
               [which](const CursorRow& cursor) {
                 return cursor.row.seldom() && which == Follow::kOften;
               });
  return kept;
}

// Fresh links for all groups of the mirror, and for those that are followed and
// not in it, which were deleted when it was read.
absl::StatusOr<std::vector<ChangeLink>> TakeFreshLinks(
    GraphSession& graph, WorkCrew& crew, const std::vector<ChangeLink>& links,
    const GroupTable& groups) {
  std::vector<SourceId> ids;
  for (const GroupRow& group : groups.rows()) ids.push_back(group.id);
  std::vector<SourceId> deleted;
  for (const SourceId& id : FollowedGroups(links)) {
    if (groups.Find(id) == nullptr) deleted.push_back(id);
  }
  std::sort(deleted.begin(), deleted.end());
  return TakeGroupLinks(graph, crew, std::move(ids), deleted);
}

void NoteSeldomLinks(const std::vector<ChangeLink>& links,
                     const std::vector<CursorRow>& kept, Follow which,
                     absl::Time now, StoredMirror& mirror) {
  const bool any = !kept.empty() || std::any_of(links.begin(), links.end(),
                                                [](const ChangeLink& link) {
                                                  return link.seldom;
                                                });
  if (!any) {
    mirror.clear_seldom_time();
  } else if (which == Follow::kAll || !mirror.has_seldom_time()) {
    *mirror.mutable_seldom_time() = ToTimestamp(now);
  }
}

// The compare-and-set on which all of a batch depends.
absl::Status AppendMirror(const MirrorView& mirror, const StoredMirror& next,
                          const rollcall::store::Reader& reader, Batch& batch) {
  const DirectoryName& directory = mirror.rows().place().directory;
  const std::string key = mirror_keys::Mirror(directory);
  batch.ExpectValue(key, Serialize(mirror.mirror()));
  batch.Put(key, Serialize(next));
  ASSIGN_OR_RETURN(const auto failure, FindFailure(reader, directory));
  if (failure.has_value()) batch.Delete(mirror_keys::Failure(directory));
  return absl::OkStatus();
}

std::vector<std::string> SortedSelection(const StoredDirectory& directory) {
  std::vector<std::string> ids(directory.selected_groups().begin(),
                               directory.selected_groups().end());
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

bool AreSeldomLinksDue(const StoredMirror& mirror, absl::Time now) {
  if (!mirror.has_seldom_time()) return false;
  const absl::Time last = FromTimestamp(mirror.seldom_time());
  return now < last || now - last >= kSeldomPeriod;
}

absl::StatusOr<RoundDigest> MirrorRounds::Run(const MirrorView& mirror,
                                              Follow which,
                                              GraphSession& graph) {
  Step step{.next = mirror.mirror(), .now = clock_.TimeNow()};
  const int64_t requests = graph.answers();
  ASSIGN_OR_RETURN(const std::vector<CursorRow> cursors,
                   mirror.rows().Cursors());
  if (cursors.empty()) {
    return Aborted("GRAPH_RESYNC_REQUIRED",
                   "The mirror does not follow the tenant's changes.");
  }
  ASSIGN_OR_RETURN(std::vector<ChangeLink> links,
                   OpenLinks(mirror, cursors, which));
  const std::vector<CursorRow> kept = NotFollowed(cursors, which);
  WorkCrew crew(
      std::min(parallelism_, std::max(1, static_cast<int>(links.size()))));

  absl::optional<GroupTable> groups;
  const auto load_groups = [&]() -> absl::Status {
    if (groups.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<GroupRow> rows, mirror.rows().Groups());
    groups.emplace(std::move(rows));
    return absl::OkStatus();
  };
  std::vector<ChangeLink> fresh;
  absl::flat_hash_set<SourceId> watched = FollowedGroups(links);
  if (NeedReslicing(links, mirror.mirror().group_count())) {
    RETURN_IF_ERROR(load_groups());
    // Before the old ones are followed: nothing falls in between.
    ASSIGN_OR_RETURN(fresh, TakeFreshLinks(graph, crew, links, *groups));
    watched = FollowedGroups(fresh);
  }
  ASSIGN_OR_RETURN(FollowedLinks followed,
                   FollowLinks(graph, crew, std::move(links)));
  step.digest = std::move(followed.digest);
  *step.next.mutable_current_as_of() = ToTimestamp(step.now);

  if (!step.digest.empty()) {
    RETURN_IF_ERROR(load_groups());
    ASSIGN_OR_RETURN(step.answers,
                     RoundQuestions(graph, crew, mirror.rows(), *groups,
                                    ScopeOf(mirror).select, watched, limits_)
                         .Ask(step.digest, followed.links));
  }
  if (!fresh.empty()) {
    followed.links.erase(
        std::remove_if(
            followed.links.begin(), followed.links.end(),
            [](const ChangeLink& link) { return !link.users && !link.seldom; }),
        followed.links.end());
    std::move(fresh.begin(), fresh.end(), std::back_inserter(followed.links));
  }
  for (const GroupLink& link : step.answers.links) {
    followed.links.push_back({.groups = link.groups, .link = link.link});
  }
  step.next.set_requests(graph.answers() - requests);
  NoteSeldomLinks(followed.links, kept, which, step.now, step.next);

  Batch batch(mirror.rows().place().account());
  if (step.digest.empty()) {
    RETURN_IF_ERROR(AppendMirror(mirror, step.next, store_, batch));
  } else {
    RETURN_IF_ERROR(FoldInto(mirror, *groups, step, batch).status());
  }
  PutLinks(mirror, cursors, followed.links, kept, batch);
  RETURN_IF_ERROR(store_.Commit(batch));
  return std::move(step.digest);
}

absl::StatusOr<RoundAnswers> MirrorRounds::Ask(const MirrorView& mirror,
                                               const RoundDigest& doubts,
                                               GraphSession& graph) {
  ASSIGN_OR_RETURN(std::vector<GroupRow> rows, mirror.rows().Groups());
  const GroupTable groups(std::move(rows));
  absl::flat_hash_set<SourceId> watched;
  ASSIGN_OR_RETURN(const std::vector<CursorRow> cursors,
                   mirror.rows().Cursors());
  for (const CursorRow& cursor : cursors) {
    if (cursor.row.seldom()) continue;
    std::vector<SourceId> ids;
    RETURN_IF_ERROR(AppendIds(cursor.row.group_ids(), ids));
    watched.insert(ids.begin(), ids.end());
  }
  ReadLimits limits = limits_;
  limits.round_members = limits_.memberships;
  WorkCrew crew(parallelism_);
  return RoundQuestions(graph, crew, mirror.rows(), groups,
                        ScopeOf(mirror).select, std::move(watched), limits)
      .Ask(doubts, {});
}

absl::StatusOr<int64_t> MirrorRounds::CountDrift(const MirrorView& mirror,
                                                 const RoundAnswers& answers) {
  ASSIGN_OR_RETURN(std::vector<GroupRow> rows, mirror.rows().Groups());
  const GroupTable groups(std::move(rows));
  Batch unused(mirror.rows().place().account());
  ASSIGN_OR_RETURN(const FoldResult result,
                   MirrorFold(mirror.rows(), groups,
                              mirror.header().directory(), limits_, unused)
                       .Fold(RoundDigest(), answers, mirror.mirror()));
  return result.objects;
}

absl::Status MirrorRounds::Repair(const MirrorView& mirror,
                                  RoundAnswers answers, StoredMirror next) {
  ASSIGN_OR_RETURN(std::vector<GroupRow> rows, mirror.rows().Groups());
  const GroupTable groups(std::move(rows));
  const Step step{.answers = std::move(answers),
                  .next = std::move(next),
                  .now = clock_.TimeNow(),
                  .is_repair = true};
  Batch batch(mirror.rows().place().account());
  RETURN_IF_ERROR(FoldInto(mirror, groups, step, batch).status());
  if (!step.answers.links.empty()) {
    ASSIGN_OR_RETURN(const std::vector<CursorRow> cursors,
                     mirror.rows().Cursors());
    uint64_t slice = cursors.empty() ? 0 : cursors.back().slice + 1;
    for (const GroupLink& link : step.answers.links) {
      batch.Put(mirror_keys::Cursor(mirror.rows().place(), slice++),
                Serialize(vault_.Seal(ScopeOf(mirror), JoinIds(link.groups),
                                      link.link, step.now)));
    }
  }
  return store_.Commit(batch);
}

absl::StatusOr<int64_t> MirrorRounds::FoldInto(const MirrorView& mirror,
                                               const GroupTable& groups,
                                               const Step& step, Batch& batch) {
  const DirectoryName& directory = mirror.rows().place().directory;
  MirrorFold fold(mirror.rows(), groups, mirror.header().directory(), limits_,
                  batch);
  ASSIGN_OR_RETURN(FoldResult result,
                   fold.Fold(step.digest, step.answers, step.next));
  StoredMirror next = std::move(result.mirror);
  if (step.is_repair) {
    store::StoredAudit& audit = *next.mutable_audit();
    audit.set_drifted_objects(audit.drifted_objects() + result.objects);
  }
  if (!batch.empty()) {
    next.set_sequence(next.sequence() + 1);
    next.set_logged(next.logged() +
                    static_cast<int64_t>(result.changed.size()));
    for (const SourceId& id : result.changed) {
      batch.Put(mirror_keys::Change(directory, next.sequence(), id), "");
    }
    AppendChangeBatch(directory, next.sequence(), step.now, next.logged(),
                      batch);
  }
  RETURN_IF_ERROR(AppendMirror(mirror, next, store_, batch));
  return result.objects;
}

absl::StatusOr<std::vector<ChangeLink>> MirrorRounds::OpenLinks(
    const MirrorView& mirror, const std::vector<CursorRow>& cursors,
    Follow which) {
  const LinkScope scope = ScopeOf(mirror);
  std::vector<ChangeLink> links;
  for (const CursorRow& cursor : cursors) {
    if (cursor.row.seldom() && which == Follow::kOften) continue;
    ChangeLink link;
    link.seldom = cursor.row.seldom();
    link.users = cursor.row.group_ids().empty();
    RETURN_IF_ERROR(AppendIds(cursor.row.group_ids(), link.groups));
    ASSIGN_OR_RETURN(link.link, vault_.Open(scope, cursor.row));
    links.push_back(std::move(link));
  }
  return links;
}

void MirrorRounds::PutLinks(const MirrorView& mirror,
                            const std::vector<CursorRow>& cursors,
                            const std::vector<ChangeLink>& links,
                            const std::vector<CursorRow>& kept, Batch& batch) {
  const ReadPlace& place = mirror.rows().place();
  const LinkScope scope = ScopeOf(mirror);
  const absl::Time now = clock_.TimeNow();
  uint64_t slice = 0;
  for (const ChangeLink& link : links) {
    store::StoredCursor row =
        vault_.Seal(scope, JoinIds(link.groups), link.link, now);
    row.set_seldom(link.seldom);
    batch.Put(mirror_keys::Cursor(place, slice++), Serialize(row));
  }
  for (const CursorRow& cursor : kept) {
    batch.Put(mirror_keys::Cursor(place, slice++), Serialize(cursor.row));
  }
  for (const CursorRow& cursor : cursors) {
    if (cursor.slice >= slice) {
      batch.Delete(mirror_keys::Cursor(place, cursor.slice));
    }
  }
}

bool FollowsConfiguration(const StoredDirectory& mirrored,
                          const StoredDirectory& configured) {
  return mirrored.connection() == configured.connection() &&
         mirrored.phone_import_enabled() == configured.phone_import_enabled() &&
         mirrored.username_normalization_enabled() ==
             configured.username_normalization_enabled() &&
         mirrored.guests_excluded() == configured.guests_excluded() &&
         mirrored.default_region_code() == configured.default_region_code() &&
         SortedSelection(mirrored) == SortedSelection(configured);
}

}  // namespace rollcall::directory
