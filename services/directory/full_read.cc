#include "services/directory/full_read.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/completeness.h"
#include "services/directory/graph_limits.h"
#include "services/directory/graph_page.h"
#include "services/directory/group_closure.h"
#include "services/directory/user_row.h"
#include "services/directory/username_collisions.h"

namespace rollcall::directory {
namespace {

using store::StoredGroup;
using store::StoredRead;
using store::StoredUser;

// Groups in the order of their ids: a tenant whose groups have not changed
// gives the same numbers again, and rows that compare equal.
void SortGroups(GroupsRead& read) {
  std::vector<uint32_t> order(read.groups.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&read](uint32_t a, uint32_t b) {
    return read.groups[a].evidence.id < read.groups[b].evidence.id;
  });
  std::vector<uint32_t> places(order.size());
  std::vector<GroupRecord> sorted;
  sorted.reserve(order.size());
  for (const uint32_t number : order) {
    places[number] = static_cast<uint32_t>(sorted.size());
    sorted.push_back(std::move(read.groups[number]));
  }
  read.groups = std::move(sorted);
  for (DirectMembership& membership : read.memberships) {
    membership.group = places[membership.group];
  }
}

std::vector<SourceId> SelectedGroups(const store::StoredDirectory& directory) {
  std::vector<SourceId> ids;
  for (const std::string& bytes : directory.selected_groups()) {
    if (const auto id = SourceId::FromBytes(bytes)) ids.push_back(*id);
  }
  return ids;
}

GroupGraph GraphOf(const std::vector<GroupRecord>& groups) {
  absl::flat_hash_map<SourceId, uint32_t> numbers;
  for (uint32_t i = 0; i < groups.size(); ++i) {
    numbers[groups[i].evidence.id] = i;
  }
  GroupGraph graph;
  graph.group_count = static_cast<uint32_t>(groups.size());
  for (uint32_t i = 0; i < groups.size(); ++i) {
    if (groups[i].evidence.selected) graph.selected.push_back(i);
    for (const SourceId& inner : groups[i].inner_groups) {
      graph.nestings.push_back({i, numbers.at(inner)});
    }
  }
  return graph;
}

// How many imported users each selected group has, by its place.
std::vector<int64_t> CountMembers(const GroupGraph& graph,
                                  const MembershipIndex& scope,
                                  const UserReader& users) {
  const GroupClosure closure(graph);
  std::vector<int64_t> counts(graph.selected.size(), 0);
  std::vector<uint32_t> selected;
  for (uint32_t user = 0; user < scope.size(); ++user) {
    if (!users.is_imported(user)) continue;
    closure.SelectedGroupsOf(scope.groups_of(user), selected);
    for (const uint32_t place : selected) ++counts[place];
  }
  return counts;
}

StoredGroup RowOf(const GroupRecord& group, uint32_t number) {
  const GroupEvidence& evidence = group.evidence;
  StoredGroup row;
  row.set_display_name(group.display_name);
  row.set_description(group.description);
  row.set_selected(evidence.selected);
  row.set_missing(evidence.chain == GroupEvidence::Chain::kMissing);
  for (const SourceId& inner : group.inner_groups) {
    row.mutable_inner_groups()->append(inner.Bytes());
  }
  row.set_number(number);
  row.set_visibility(evidence.visibility);
  row.set_described(evidence.described);
  row.set_skip_reason(evidence.skip_reason);
  row.set_cut(evidence.chain == GroupEvidence::Chain::kCut);
  row.set_error(evidence.error);
  row.set_unreadable(evidence.unreadable);
  row.set_members(evidence.members);
  return row;
}

absl::Status WriteGroups(const std::vector<GroupRecord>& groups,
                         const GroupGraph& graph,
                         const std::vector<int64_t>& counts,
                         ReadWriter& writer) {
  std::vector<std::pair<SourceId, StoredGroup>> rows;
  rows.reserve(groups.size());
  for (uint32_t number = 0; number < groups.size(); ++number) {
    rows.emplace_back(groups[number].evidence.id,
                      RowOf(groups[number], number));
  }
  for (size_t place = 0; place < counts.size(); ++place) {
    rows[graph.selected[place]].second.set_member_count(counts[place]);
  }
  return writer.PutGroups(rows);
}

// Whole user principal names are the tenant's to keep apart; shortened ones may
// collide (A4).
absl::Status MarkCollisions(const UserReader& users,
                            const MembershipIndex& scope, ReadWriter& writer) {
  if (!writer.header().directory().username_normalization_enabled()) {
    return absl::OkStatus();
  }
  std::vector<NamedUser> suspects;
  for (const uint32_t number : users.Suspects()) {
    ASSIGN_OR_RETURN(const StoredUser row, writer.GetUser(scope.user(number)));
    suspects.push_back({UsernameOf(row), number});
  }
  std::vector<SourceId> ids;
  for (const uint32_t number : FindCollisions(std::move(suspects))) {
    ids.push_back(scope.user(number));
  }
  return writer.MarkCollisions(ids);
}

absl::string_view NameOf(MemberKind kind) {
  switch (kind) {
    case MemberKind::kDevice:
      return "DEVICE";
    case MemberKind::kContact:
      return "CONTACT";
    case MemberKind::kServicePrincipal:
      return "SERVICE_PRINCIPAL";
    case MemberKind::kUser:
    case MemberKind::kGroup:
    case MemberKind::kOther:
      break;
  }
  return "OTHER";
}

// R27, A23: counted, by reason.
void CountIgnored(const std::vector<SourceMember>& others,
                  const UserReader& users, StoredRead& header) {
  auto& ignored = *header.mutable_ignored_members();
  for (const SourceMember& other : others) {
    ++ignored[std::string(NameOf(other.kind))];
  }
  if (users.excluded_guests() > 0) ignored["GUEST"] = users.excluded_guests();
  if (users.dangling() > 0) ignored["DANGLING"] = users.dangling();
}

// Whether the tenant told anything at all about what is selected.
absl::Status CheckUseful(const GroupsRead& groups, const UserReader& users) {
  const UserEvidence& evidence = users.evidence();
  if (evidence.unread > 0 && users.imported() == 0) {
    return Unavailable(
        "GRAPH_UNAVAILABLE",
        absl::StrCat("No user could be read: ", evidence.unread_error));
  }
  for (const GroupRecord& group : groups.groups) {
    if (group.evidence.chain != GroupEvidence::Chain::kCut ||
        group.evidence.members > 0) {
      return absl::OkStatus();
    }
  }
  return Unavailable("GRAPH_UNAVAILABLE",
                     absl::StrCat("No group could be read: ",
                                  groups.groups.front().evidence.error));
}

}  // namespace

absl::Status CheckTenant(GraphSession& graph) {
  ASSIGN_OR_RETURN(const std::string body,
                   graph.Get("/v1.0/organization?$select=id"));
  ASSIGN_OR_RETURN(const Page<SourceGroup> page, ParseGroupPage(body));
  if (page.items.size() == 1 &&
      page.items[0].id.ToString() == absl::AsciiStrToLower(graph.tenant_id())) {
    return absl::OkStatus();
  }
  return FailedPrecondition(
      "TENANT_MISMATCH",
      "Graph answers for another tenant than the connection's.",
      {{"tenant_id", graph.tenant_id()}});
}

absl::StatusOr<absl::optional<int64_t>> CountTenantUsers(GraphSession& graph) {
  const absl::StatusOr<std::string> body =
      graph.Get("/v1.0/users/$count", {{"ConsistencyLevel", "eventual"}});
  // Nobody needs the figure who may not ask for it.
  const bool is_refused = ReasonOf(body.status()) == "GRAPH_FORBIDDEN";
  if (EndsTheRead(body.status()) && !is_refused) return body.status();
  return body.ok() ? ParseCount(*body) : absl::nullopt;
}

FullRead::FullRead(GraphSession& graph, ReadWriter& writer, WorkCrew& crew,
                   const FullReadOptions& options,
                   absl::optional<int64_t> tenant_users,
                   std::function<void(const FullReadProgress&)> report)
    : graph_(graph),
      writer_(writer),
      crew_(crew),
      limits_(options.limits),
      report_(std::move(report)),
      users_(graph, writer, crew, counters_, limits_, options.user_source,
             tenant_users) {}

void FullRead::Report() {
  report_(
      {counters_.objects_read, counters_.objects_expected, graph_.answers()});
}

absl::StatusOr<std::vector<SourceId>> FullRead::ReadGroups() {
  users_.Expect(0);
  GroupReader reader(graph_, writer_, crew_, limits_, [this](int64_t members) {
    users_.Expect(counters_.objects_read += members);
  });
  ASSIGN_OR_RETURN(groups_,
                   reader.Read(SelectedGroups(writer_.header().directory()),
                               [this] { Report(); }));
  SortGroups(groups_);
  std::vector<SourceId> ids;
  ids.reserve(groups_.groups.size());
  for (const GroupRecord& group : groups_.groups) {
    ids.push_back(group.evidence.id);
  }
  return ids;
}

absl::Status FullRead::ReadUsers() {
  scope_ = MembershipIndex(std::move(groups_.memberships));
  counters_.objects_expected = counters_.objects_read + scope_.size();
  Report();
  RETURN_IF_ERROR(users_.Read(scope_, [this] { Report(); }));
  return CheckUseful(groups_, users_);
}

absl::StatusOr<StoredRead> FullRead::Write() {
  RETURN_IF_ERROR(writer_.EndLoading());
  const GroupGraph graph = GraphOf(groups_.groups);
  RETURN_IF_ERROR(WriteGroups(groups_.groups, graph,
                              CountMembers(graph, scope_, users_), writer_));
  RETURN_IF_ERROR(MarkCollisions(users_, scope_, writer_));

  ReadEvidence evidence{.users = users_.evidence()};
  StoredRead header = writer_.header();
  for (const GroupRecord& group : groups_.groups) {
    evidence.groups.push_back(group.evidence);
  }
  Completeness completeness = JudgeCompleteness(evidence);
  header.set_complete(completeness.complete);
  for (std::string& reason : completeness.reasons) {
    header.add_incomplete_reasons(std::move(reason));
  }
  header.set_user_count(users_.imported());
  header.set_hidden_users(users_.evidence().hidden);
  header.set_unread_users(users_.evidence().unread);
  header.set_group_count(static_cast<uint32_t>(groups_.groups.size()));
  header.set_user_rows(scope_.size());
  CountIgnored(groups_.others, users_, header);
  for (const auto& [warning, count] : users_.CountWarnings()) {
    (*header.mutable_warnings())[warning] = count;
  }
  for (const GroupRecord& group : groups_.groups) {
    if (group.evidence.skip_reason.empty()) continue;
    ++(*header.mutable_warnings())[WarningOfGroup(group.evidence.skip_reason)];
  }
  header.set_requests(graph_.answers());
  return header;
}

}  // namespace rollcall::directory
