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

// Groups that have a link: those of the mirror, and deleted ones that may come
// back.
absl::flat_hash_set<SourceId> FollowedGroups(
    const std::vector<ChangeLink>& links) {
  absl::flat_hash_set<SourceId> ids;
  for (const ChangeLink& link : links) {
    ids.insert(link.groups.begin(), link.groups.end());
  }
  return ids;
}

// Groups that were nested lately have links of their own. More links than
// needed make every round dearer.
bool NeedReslicing(const std::vector<ChangeLink>& links, size_t groups) {
  return links.size() - 1 > (groups + kGroupsPerDelta - 1) / kGroupsPerDelta;
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

absl::StatusOr<RoundDigest> MirrorRounds::Run(const MirrorView& mirror,
                                              GraphSession& graph) {
  Step step{.next = mirror.mirror(), .now = clock_.TimeNow()};
  const int64_t requests = graph.answers();
  ASSIGN_OR_RETURN(const std::vector<CursorRow> cursors,
                   mirror.rows().Cursors());
  if (cursors.empty()) {
    return Aborted("GRAPH_RESYNC_REQUIRED",
                   "The mirror does not follow the tenant's changes.");
  }
  ASSIGN_OR_RETURN(std::vector<ChangeLink> links, OpenLinks(mirror, cursors));
  WorkCrew crew(
      std::min(parallelism_, std::max(1, static_cast<int>(links.size()))));

  absl::optional<GroupTable> groups;
  std::vector<ChangeLink> fresh;
  const absl::flat_hash_set<SourceId> watched = FollowedGroups(links);
  if (NeedReslicing(links, watched.size())) {
    std::vector<SourceId> ids(watched.begin(), watched.end());
    std::sort(ids.begin(), ids.end());
    // Before the old ones are followed: nothing falls in between.
    ASSIGN_OR_RETURN(fresh, TakeGroupLinks(graph, crew, ids));
  }
  ASSIGN_OR_RETURN(FollowedLinks followed,
                   FollowLinks(graph, crew, std::move(links)));
  step.digest = std::move(followed.digest);
  *step.next.mutable_current_as_of() = ToTimestamp(step.now);

  Batch batch(mirror.rows().place().account());
  if (!step.digest.empty()) {
    ASSIGN_OR_RETURN(std::vector<GroupRow> rows, mirror.rows().Groups());
    groups.emplace(std::move(rows));
    ASSIGN_OR_RETURN(step.answers,
                     RoundQuestions(graph, crew, mirror.rows(), *groups,
                                    ScopeOf(mirror).select, watched)
                         .Ask(step.digest, followed.links));
    step.next.set_requests(graph.answers() - requests);
    RETURN_IF_ERROR(FoldInto(mirror, *groups, step, batch).status());
  } else {
    step.next.set_requests(graph.answers() - requests);
    RETURN_IF_ERROR(AppendMirror(mirror, step.next, store_, batch));
  }
  if (!fresh.empty()) {
    followed.links.resize(1);
    std::move(fresh.begin(), fresh.end(), std::back_inserter(followed.links));
  }
  for (const GroupLink& link : step.answers.links) {
    followed.links.push_back({.groups = link.groups, .link = link.link});
  }
  PutLinks(mirror, cursors, followed.links, batch);
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
    std::vector<SourceId> ids;
    RETURN_IF_ERROR(AppendIds(cursor.row.group_ids(), ids));
    watched.insert(ids.begin(), ids.end());
  }
  WorkCrew crew(parallelism_);
  return RoundQuestions(graph, crew, mirror.rows(), groups,
                        ScopeOf(mirror).select, std::move(watched))
      .Ask(doubts, {});
}

absl::StatusOr<int64_t> MirrorRounds::CountDrift(const MirrorView& mirror,
                                                 const RoundAnswers& answers) {
  ASSIGN_OR_RETURN(std::vector<GroupRow> rows, mirror.rows().Groups());
  const GroupTable groups(std::move(rows));
  Batch unused(mirror.rows().place().account());
  ASSIGN_OR_RETURN(
      const FoldResult result,
      MirrorFold(mirror.rows(), groups, mirror.header().directory(), unused)
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
  MirrorFold fold(mirror.rows(), groups, mirror.header().directory(), batch);
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
    const MirrorView& mirror, const std::vector<CursorRow>& cursors) {
  const LinkScope scope = ScopeOf(mirror);
  std::vector<ChangeLink> links;
  for (const CursorRow& cursor : cursors) {
    ChangeLink link;
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
                            Batch& batch) {
  const ReadPlace& place = mirror.rows().place();
  const LinkScope scope = ScopeOf(mirror);
  const absl::Time now = clock_.TimeNow();
  for (size_t slice = 0; slice < links.size(); ++slice) {
    batch.Put(mirror_keys::Cursor(place, slice),
              Serialize(vault_.Seal(scope, JoinIds(links[slice].groups),
                                    links[slice].link, now)));
  }
  for (const CursorRow& cursor : cursors) {
    if (cursor.slice < links.size()) continue;
    batch.Delete(mirror_keys::Cursor(place, cursor.slice));
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
