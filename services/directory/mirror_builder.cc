#include "services/directory/mirror_builder.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/types/optional.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/directory/change_log.h"
#include "services/directory/deleted_groups.h"
#include "services/directory/delta_round.h"
#include "services/directory/delta_walk.h"
#include "services/directory/group_table.h"
#include "services/directory/mirror_comparison.h"
#include "services/directory/mirror_fold.h"
#include "services/directory/mirror_view.h"
#include "services/directory/round_questions.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Batch;
using store::StoredCursor;
using store::StoredMirror;
using store::StoredRead;

// What a generation that was just read is worth as the mirror.
StoredMirror MirrorOf(const StoredRead& read, const ReadPlace& place) {
  StoredMirror mirror;
  mirror.set_generation(place.number);
  mirror.set_complete(read.complete());
  *mirror.mutable_incomplete_reasons() = read.incomplete_reasons();
  store::StoredCounts& counts = *mirror.mutable_counts();
  counts.set_users(read.user_count());
  counts.set_hidden(read.hidden_users());
  counts.set_unread(read.unread_users());
  *counts.mutable_ignored_members() = read.ignored_members();
  *counts.mutable_warnings() = read.warnings();
  mirror.set_next_group_number(read.group_count());
  mirror.set_group_count(read.group_count());
  *mirror.mutable_full_read_time() = read.read_time();
  *mirror.mutable_current_as_of() = read.read_time();
  return mirror;
}

// The links of all users and all groups from now on.
absl::StatusOr<std::vector<ChangeLink>> TakeFirstLinks(GraphSession& graph,
                                                       bool with_phones) {
  ChangeLink users{.users = true};
  ASSIGN_OR_RETURN(users.link, LatestUserDelta(graph, with_phones));
  ChangeLink groups;
  ASSIGN_OR_RETURN(groups.link, LatestGroupDelta(graph, {}));
  return std::vector<ChangeLink>{std::move(users), std::move(groups)};
}

// Folds what changed while the generation was read into it, and gives the links
// that go on from there.
class CatchingUp {
 public:
  CatchingUp(GraphSession& graph, const ReadWriter& writer, int parallelism)
      : graph_(graph),
        writer_(writer),
        crew_(parallelism),
        rows_(writer.store(), writer.place()) {}

  absl::StatusOr<std::vector<ChangeLink>> Run(std::vector<ChangeLink> first,
                                              StoredMirror& mirror) {
    const store::StoredDirectory& options = writer_.header().directory();
    ASSIGN_OR_RETURN(std::vector<GroupRow> rows, rows_.Groups());
    // After the reading: who was deleted during it is among them.
    ASSIGN_OR_RETURN(const std::vector<SourceId> deleted,
                     ListDeletedGroups(graph_));
    absl::btree_set<SourceId> watched(deleted.begin(), deleted.end());
    for (const GroupRow& row : rows) watched.insert(row.id);
    const std::vector<SourceId> ids(watched.begin(), watched.end());
    const GroupTable groups(std::move(rows));
    // Before the first links are followed: what comes later is theirs.
    ASSIGN_OR_RETURN(std::vector<ChangeLink> links,
                     TakeGroupLinks(graph_, crew_, ids));
    ASSIGN_OR_RETURN(FollowedLinks followed,
                     FollowLinks(graph_, crew_, std::move(first)));
    ASSIGN_OR_RETURN(const RoundAnswers answers,
                     RoundQuestions(graph_, crew_, rows_, groups,
                                    UserSelect(options.phone_import_enabled()),
                                    {ids.begin(), ids.end()})
                         .Ask(followed.digest));
    Batch batch(writer_.place().account());
    ASSIGN_OR_RETURN(FoldResult result,
                     MirrorFold(rows_, groups, options, batch)
                         .Fold(followed.digest, answers, mirror));
    // Nobody sees these rows before the switch.
    if (!batch.empty()) RETURN_IF_ERROR(writer_.store().Commit(batch));
    mirror = std::move(result.mirror);
    links.insert(links.begin(), std::move(followed.links.front()));
    for (const GroupLink& link : answers.links) {
      links.push_back({.groups = link.groups, .link = link.link});
    }
    return links;
  }

 private:
  GraphSession& graph_;
  const ReadWriter& writer_;
  WorkCrew crew_;
  const MirrorReader rows_;
};

// Whether everything can be read although changes cannot be followed: the
// permission to follow groups is another one than to read them.
bool IsBearable(const absl::Status& status) {
  return !EndsTheRead(status) || CallsForFullRead(status) ||
         ReasonOf(status) == "GRAPH_FORBIDDEN";
}

std::string JoinIds(const std::vector<SourceId>& ids) {
  std::string bytes;
  for (const SourceId& id : ids) bytes += id.Bytes();
  return bytes;
}

}  // namespace

absl::Status MirrorBuilder::Build(
    const DirectoryName& name, const store::StoredDirectory& directory,
    const std::string& read_id, GraphSession& graph,
    const std::function<void(const FullReadProgress&)>& report) {
  StoredRead header;
  header.set_read_id(read_id);
  *header.mutable_directory() = directory;
  header.set_tenant_id(graph.tenant_id());
  *header.mutable_read_time() = ToTimestamp(clock_.TimeNow());
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadWriter> writer,
                   reads_.Begin(name, std::move(header)));
  absl::Status filled = Fill(*writer, graph, report);
  if (filled.ok()) return filled;
  // Sweep removes it, now or, if this fails too, after the next start.
  const absl::Status abandoned = writer->Abandon();
  if (!abandoned.ok()) {
    LogError("read_not_abandoned", {{"status", abandoned}});
  }
  return filled;
}

absl::Status MirrorBuilder::Fill(
    ReadWriter& writer, GraphSession& graph,
    const std::function<void(const FullReadProgress&)>& report) {
  const DirectoryName& name = writer.place().directory;
  const store::StoredDirectory& directory = writer.header().directory();
  absl::StatusOr<std::vector<ChangeLink>> links =
      TakeFirstLinks(graph, directory.phone_import_enabled());
  if (!IsBearable(links.status())) return links.status();

  ASSIGN_OR_RETURN(StoredRead sealed,
                   ReadEverything(graph, writer, options_, report));
  StoredMirror after = MirrorOf(sealed, writer.place());
  if (links.ok()) {
    links = CatchingUp(graph, writer, options_.parallelism)
                .Run(*std::move(links), after);
    if (!IsBearable(links.status())) return links.status();
  }
  std::vector<StoredCursor> cursors;
  if (links.ok()) {
    const LinkScope scope{name, graph.tenant_id(),
                          UserSelect(directory.phone_import_enabled())};
    for (const ChangeLink& link : *links) {
      cursors.push_back(vault_.Seal(scope, JoinIds(link.groups), link.link,
                                    clock_.TimeNow()));
    }
  } else {
    // It is a mirror all the same, but the next look reads everything again.
    LogWarning("changes_not_followed",
               {{"directory", name.ToString()}, {"status", links.status()}});
  }
  after.set_requests(graph.answers());

  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> before,
                   MirrorView::Open(store_, name));
  absl::optional<StoredMirror> replaced;
  if (before != nullptr) {
    replaced = before->mirror();
    const uint64_t sequence = replaced->sequence() + 1;
    ASSIGN_OR_RETURN(
        const int64_t logged,
        LogDifferences(before->rows(), MirrorReader(store_, writer.place()),
                       sequence, kChangeLogEntries, store_));
    after.set_sequence(sequence);
    // More than is kept: whoever has a cursor is told everything anew.
    const bool is_whole = logged <= kChangeLogEntries;
    after.set_log_floor(is_whole ? replaced->log_floor() : sequence);
    after.set_logged(replaced->logged() + logged);
    *after.mutable_audit() = replaced->audit();
  } else {
    after.set_sequence(1);
    after.set_log_floor(1);
  }
  sealed.set_first_sequence(after.sequence());
  LogInfo("read_ended", {{"directory", name.ToString()},
                         {"complete", after.complete()},
                         {"users", after.counts().users()},
                         {"requests", after.requests()}});
  return writer.Seal(std::move(sealed), cursors, replaced, std::move(after));
}

}  // namespace rollcall::directory
