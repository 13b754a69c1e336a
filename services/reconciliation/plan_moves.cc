#include "services/reconciliation/plan_moves.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "common/crypto/digest.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/plan_keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/source_records.h"

namespace rollcall::reconciliation {
namespace {

using directory::v1::StreamDesiredStateRequest;
using directory::v1::StreamDesiredStateResponse;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;
using rollcall::store::Serialize;

constexpr size_t kNamed = 20;

// What of the configuration decides about users, by name.
void CompareOptions(const store::ScopeRow& planned, const store::ScopeRow& now,
                    Moves& moves) {
  if (planned.phone_import_enabled() != now.phone_import_enabled()) {
    moves.Add("phone import");
  }
  if (planned.username_normalization_enabled() !=
      now.username_normalization_enabled()) {
    moves.Add("username normalization");
  }
  if (planned.renames_followed() != now.renames_followed()) {
    moves.Add("rename policy");
  }
  if (planned.enrollment_mail_enabled() != now.enrollment_mail_enabled()) {
    moves.Add("enrollment mail");
  }
  store::ScopeRow selected, selected_now;
  *selected.mutable_selected_source_ids() = planned.selected_source_ids();
  *selected.mutable_limits() = planned.limits();
  *selected_now.mutable_selected_source_ids() = now.selected_source_ids();
  *selected_now.mutable_limits() = now.limits();
  if (Serialize(selected) != Serialize(selected_now)) {
    moves.Add("selected groups or limits");
  }
}

// Which groups are no longer what they looked like; at least one name.
void NameGroups(const std::vector<DesiredGroup>& streamed,
                const std::vector<Group>& planned, Moves& moves) {
  bool has_named = false;
  for (const DesiredGroup& group : streamed) {
    bool is_known = false;
    for (const Group& known : planned) {
      is_known |= known.source_id == group.source_id && !group.missing &&
                  known.display_name == group.display_name;
    }
    if (is_known) continue;
    moves.Add(absl::StrCat("group ", group.display_name.empty()
                                         ? group.source_id
                                         : group.display_name));
    has_named = true;
  }
  if (!has_named) moves.Add("groups");
}

// The next message, or why there is none.
absl::StatusOr<absl::optional<StreamDesiredStateResponse>> Next(
    absl::StatusOr<std::unique_ptr<DesiredStateStream>>& stream) {
  RETURN_IF_ERROR(stream.status());
  return (*stream)->Next();
}

// A row of the account, for people.
absl::StatusOr<std::string> NameOf(const std::string& key,
                                   const RunName& plan) {
  std::string table;
  RETURN_IF_ERROR(
      KeyReader(absl::string_view(key).substr(0, key.find('\1') + 1))
          .String(&table)
          .Finish());
  KeyReader reader(key);
  reader.Table(table);
  std::string a, b;
  if (table == "users" || table == "groups") {
    RETURN_IF_ERROR(reader.String(&a).Finish());
    return table == "users" ? UserName(plan.account(), a).ToString()
                            : GroupName(plan.account(), a).ToString();
  }
  if (table == "users_by_username" || table == "groups_by_name") {
    RETURN_IF_ERROR(reader.String(&a).Finish());
    return absl::StrCat(table == "users_by_username" ? "username " : "group ",
                        a);
  }
  if (table == "users_by_source" || table == "groups_by_source") {
    RETURN_IF_ERROR(reader.String(&a).String(&b).Finish());
    return absl::StrCat("object ", b);
  }
  return std::string("what the guard holds");
}

}  // namespace

void Moves::Add(std::string what) {
  ++count_;
  if (names_.size() < kNamed) names_.push_back(std::move(what));
}

std::string Moves::ToString() const {
  const auto rest = count_ - static_cast<int64_t>(names_.size());
  return absl::StrCat(absl::StrJoin(names_, ", "),
                      rest == 0 ? "" : absl::StrCat(" and ", rest, " more"));
}

absl::StatusOr<SourceCheck> CheckSource(const DirectoryName& directory,
                                        const store::PlanRow& plan,
                                        const std::vector<Group>& groups,
                                        DirectoryClient& client) {
  SourceCheck check;
  if (plan.change_cursor().empty()) return check;  // Nobody can tell.
  StreamDesiredStateRequest request;
  request.set_name(directory.ToString());
  request.set_mode(StreamDesiredStateRequest::CHANGES);
  request.set_change_cursor(plan.change_cursor());
  auto stream = client.StreamDesiredState(request);
  store::ScopeRow scope;
  std::vector<DesiredGroup> streamed;
  while (true) {
    auto message = Next(stream);
    if (ReasonOf(message.status()) == "CHANGE_CURSOR_EXPIRED") {
      check.complete = true;
      check.moves.Add("more than the source can tell by now");
      return check;
    }
    RETURN_IF_ERROR(message.status());
    if (!message->has_value()) {
      return Unavailable(
          "STREAM_WITHOUT_TRAILER",
          "The directory ended the stream without saying what it is worth.");
    }
    const StreamDesiredStateResponse& said = **message;
    if (said.has_header()) {
      scope = ScopeOf(said.header().directory());
      check.read_time = FromTimestamp(said.header().read_time());
      CompareOptions(plan.scope(), scope, check.moves);
    } else if (said.has_group()) {
      ASSIGN_OR_RETURN(DesiredGroup group, ReadDesiredGroup(said.group()));
      streamed.push_back(std::move(group));
    } else if (said.has_user()) {
      check.moves.Add(said.user().user_principal_name());
    } else if (said.has_gone_user()) {
      check.moves.Add(absl::StrCat("object ", said.gone_user().source_id()));
    } else if (said.has_trailer()) {
      const bool is_reshaped = check.moves.empty() &&
                               ShapeOf(scope, streamed) != plan.scope().shape();
      if (is_reshaped) NameGroups(streamed, groups, check.moves);
      check.complete = said.trailer().complete();
      check.next_cursor = said.trailer().change_cursor();
      return check;
    }
  }
}

absl::StatusOr<Moves> CheckTarget(const RunName& plan,
                                  const rollcall::store::Reader& rows) {
  Moves moves;
  const std::string table = plan_keys::Expected("");
  MessageCursor<store::ExpectedRow> cursor(rows, plan_keys::Partition(plan),
                                           KeyRange::Prefix(table));
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return moves;
    const std::string key = row->key.substr(table.size());
    ASSIGN_OR_RETURN(const absl::optional<std::string> value,
                     rows.Get(plan.account().id(), key));
    const bool is_as_it_was =
        value.has_value() == row->message.exists() &&
        (!value.has_value() || Sha256(*value) == row->message.digest());
    if (is_as_it_was) continue;
    ASSIGN_OR_RETURN(std::string name, NameOf(key, plan));
    moves.Add(std::move(name));
  }
}

}  // namespace rollcall::reconciliation
