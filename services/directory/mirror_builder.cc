#include "services/directory/mirror_builder.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/directory/catching_up.h"
#include "services/directory/change_log.h"
#include "services/directory/delta_round.h"
#include "services/directory/delta_walk.h"
#include "services/directory/mirror_comparison.h"
#include "services/directory/mirror_view.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {
namespace {

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
  counts.set_rows(read.user_rows());
  *counts.mutable_ignored_members() = read.ignored_members();
  *counts.mutable_warnings() = read.warnings();
  mirror.set_next_group_number(read.group_count());
  mirror.set_group_count(read.group_count());
  *mirror.mutable_full_read_time() = read.read_time();
  *mirror.mutable_current_as_of() = read.read_time();
  return mirror;
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
  // One of the requests at once is the list's of all users.
  WorkCrew crew(options_.parallelism - 1);
  CatchingUp catching_up(graph, crew, options_.limits);
  catching_up.TakeFirstLinks(directory.phone_import_enabled());
  absl::optional<int64_t> tenant_users;
  crew.Add([&graph, &tenant_users]() -> absl::Status {
    ASSIGN_OR_RETURN(tenant_users, CountTenantUsers(graph));
    return absl::OkStatus();
  });
  // Nothing of another tenant is kept.
  crew.Add([&graph] { return CheckTenant(graph); });
  RETURN_IF_ERROR(crew.Wait([] {}));

  FullRead read(graph, writer, crew, options_, tenant_users, report);
  ASSIGN_OR_RETURN(std::vector<SourceId> groups, read.ReadGroups());
  catching_up.TakeGroupLinks(std::move(groups));
  RETURN_IF_ERROR(read.ReadUsers());
  WorkCrew beside(1);
  beside.Add([&catching_up] { return catching_up.Follow(); });
  ASSIGN_OR_RETURN(StoredRead sealed, read.Write());
  RETURN_IF_ERROR(beside.Wait([] {}));

  StoredMirror after = MirrorOf(sealed, writer.place());
  ASSIGN_OR_RETURN(const std::vector<ChangeLink> links,
                   catching_up.Fold(writer, after));
  std::vector<StoredCursor> cursors;
  const LinkScope scope{name, graph.tenant_id(),
                        UserSelect(directory.phone_import_enabled())};
  for (const ChangeLink& link : links) {
    StoredCursor& cursor = cursors.emplace_back(
        vault_.Seal(scope, JoinIds(link.groups), link.link, clock_.TimeNow()));
    cursor.set_seldom(link.seldom);
    if (link.seldom) *after.mutable_seldom_time() = sealed.read_time();
  }
  if (links.empty()) {
    // It is a mirror all the same, but the next look reads everything again.
    LogWarning("changes_not_followed", {{"directory", name.ToString()},
                                        {"status", catching_up.trouble()}});
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
