#include "services/reconciliation/plan_sealing.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/crypto/digest.h"
#include "common/identity/resource_name.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_keys.h"
#include "services/reconciliation/plan_rows.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;
using rollcall::store::Serialize;

// The tables that an application writes, or whose rows it must find free.
constexpr const char* kExpectedTables[] = {
    "users",  "users_by_username", "users_by_source",
    "groups", "groups_by_name",    "groups_by_source",
    "held",   "held_open",         "held_rows"};

// What the run tells of a group; there is no history that leads to it.
struct PlannedGroup {
  int64_t sequence = 0;  // Of the first event.
  std::vector<v1::ChangeEvent> events;
};

// One plan. One thread, one use.
class Sealing {
 public:
  Sealing(const PlanOverlay& overlay, size_t max_batch_rows,
          rollcall::store::Store& rows)
      : overlay_(overlay),
        account_(overlay.account()),
        writer_(overlay.partition(), max_batch_rows, rows) {}

  absl::Status Run(const RunWork& work) {
    ASSIGN_OR_RETURN(
        const absl::optional<store::HeadRow> head,
        GetMessage<store::HeadRow>(overlay_.behind(), account_, keys::Head()));
    if (head.has_value()) begin_ = head->sequence();
    RETURN_IF_ERROR(PutObjects());
    RETURN_IF_ERROR(PutQuietGroups());
    for (const char* table : kExpectedTables) {
      RETURN_IF_ERROR(PutExpected(table));
    }
    RETURN_IF_ERROR(writer_.Flush());

    store::PlanRow plan;
    *plan.mutable_scope() = work.scope;
    plan.set_change_cursor(work.place.next_change_cursor());
    *plan.mutable_outcome() = work.run;
    plan.set_needs_full(work.place.needs_full());
    plan.set_change_count(changes_);
    ASSIGN_OR_RETURN(
        *plan.mutable_decisions_digest(),
        DigestOfDecisions(overlay_.behind(), work.name.directory()));
    RETURN_IF_ERROR(writer_.Put(plan_keys::Plan(), Serialize(plan)));
    return writer_.Flush();
  }

 private:
  // Each object where its first event is: in that order its changes have been
  // possible, one after the other.
  absl::Status PutObjects() {
    MessageCursor<store::EventRow> events(
        overlay_, account_,
        KeyRange::PrefixAfter(keys::Table("changes"), keys::Feed(begin_)));
    while (true) {
      ASSIGN_OR_RETURN(auto row, events.Next());
      if (!row.has_value()) break;
      int64_t sequence = 0;
      RETURN_IF_ERROR(
          KeyReader(row->key).Table("changes").Int64(&sequence).Finish());
      const v1::ChangeEvent& event = row->message.event();
      if (event.has_user_change()) {
        ASSIGN_OR_RETURN(const UserName name,
                         UserName::Parse(event.user_change().user().name()));
        RETURN_IF_ERROR(PutUser(name.id(), sequence));
      } else if (event.has_group_change()) {
        ASSIGN_OR_RETURN(const GroupName name,
                         GroupName::Parse(event.group_change().name()));
        PlannedGroup& group = groups_[name.id()];
        if (group.events.empty()) group.sequence = sequence;
        group.events.push_back(event);
      }
    }
    for (const auto& [id, group] : groups_) {
      store::PlannedRow planned;
      RETURN_IF_ERROR(AddGroup(id, planned));
      for (const v1::ChangeEvent& event : group.events) {
        *planned.add_events() = event;
      }
      RETURN_IF_ERROR(Put(group.sequence, id, planned));
    }
    return absl::OkStatus();
  }

  // With all events about the user, if this is the first one.
  absl::Status PutUser(const std::string& id, int64_t sequence) {
    store::PlannedRow planned;
    auto history = overlay_.Scan(
        account_,
        KeyRange::PrefixAfter(keys::HistoryOf(id), keys::History(id, begin_)));
    while (true) {
      ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                       history->Next());
      if (!entry.has_value()) break;
      std::string user;
      int64_t place = 0;
      RETURN_IF_ERROR(KeyReader(entry->key)
                          .Table("user_history")
                          .String(&user)
                          .Int64(&place)
                          .Finish());
      if (place < sequence) return absl::OkStatus();
      RETURN_IF_ERROR(AddEvent(place, planned));
    }
    planned.set_user_id(id);
    ASSIGN_OR_RETURN(absl::optional<store::UserRow> before,
                     GetMessage<store::UserRow>(overlay_.behind(), account_,
                                                keys::User(id)));
    if (before.has_value()) *planned.mutable_user_before() = *before;
    ASSIGN_OR_RETURN(
        absl::optional<store::UserRow> after,
        GetMessage<store::UserRow>(overlay_, account_, keys::User(id)));
    if (!after.has_value()) return Lost("user", id);
    *planned.mutable_user_after() = *std::move(after);
    return Put(sequence, id, planned);
  }

  // Groups of which something else has changed than the number of members, and
  // that nobody is told of.
  absl::Status PutQuietGroups() {
    PlanOverlay::Changes changes(overlay_,
                                 KeyRange::Prefix(keys::Table("groups")));
    while (true) {
      ASSIGN_OR_RETURN(auto change, changes.Next());
      if (!change.has_value()) return absl::OkStatus();
      std::string id;
      RETURN_IF_ERROR(
          KeyReader(change->key).Table("groups").String(&id).Finish());
      if (groups_.contains(id)) continue;
      store::PlannedRow planned;
      RETURN_IF_ERROR(AddGroup(id, planned));
      store::GroupRow before = planned.group_before();
      before.set_member_count(planned.group_after().member_count());
      if (Serialize(before) == Serialize(planned.group_after())) continue;
      RETURN_IF_ERROR(Put(kAfterAllEvents, id, planned));
    }
  }

  absl::Status AddGroup(const std::string& id, store::PlannedRow& planned) {
    planned.set_group_id(id);
    ASSIGN_OR_RETURN(absl::optional<store::GroupRow> before,
                     GetMessage<store::GroupRow>(overlay_.behind(), account_,
                                                 keys::Group(id)));
    if (before.has_value()) *planned.mutable_group_before() = *before;
    ASSIGN_OR_RETURN(
        absl::optional<store::GroupRow> after,
        GetMessage<store::GroupRow>(overlay_, account_, keys::Group(id)));
    if (!after.has_value()) return Lost("group", id);
    *planned.mutable_group_after() = *std::move(after);
    return absl::OkStatus();
  }

  absl::Status AddEvent(int64_t sequence, store::PlannedRow& planned) {
    ASSIGN_OR_RETURN(
        absl::optional<store::EventRow> row,
        GetMessage<store::EventRow>(overlay_, account_, keys::Feed(sequence)));
    if (!row.has_value()) return Lost("event", std::to_string(sequence));
    *planned.add_events() = std::move(*row->mutable_event());
    return absl::OkStatus();
  }

  absl::Status Put(int64_t sequence, const std::string& id,
                   const store::PlannedRow& planned) {
    ++changes_;
    return writer_.Put(plan_keys::Planned(sequence, id), Serialize(planned));
  }

  absl::Status PutExpected(const char* table) {
    PlanOverlay::Changes changes(overlay_,
                                 KeyRange::Prefix(keys::Table(table)));
    while (true) {
      ASSIGN_OR_RETURN(auto change, changes.Next());
      if (!change.has_value()) return absl::OkStatus();
      ASSIGN_OR_RETURN(const absl::optional<std::string> value,
                       overlay_.behind().Get(account_, change->key));
      store::ExpectedRow row;
      row.set_exists(value.has_value());
      if (value.has_value()) row.set_digest(Sha256(*value));
      RETURN_IF_ERROR(
          writer_.Put(plan_keys::Expected(change->key), Serialize(row)));
    }
  }

  absl::Status Lost(const std::string& what, const std::string& id) const {
    return DataLoss("PLAN_DAMAGED",
                    absl::StrCat("The ", what, " ", id,
                                 " of a plan is not there any more."),
                    {{"id", id}});
  }

  static constexpr int64_t kAfterAllEvents = INT64_MAX;

  const PlanOverlay& overlay_;
  const std::string& account_;
  PlanWriter writer_;
  int64_t begin_ = 0;  // The newest event that is none of the plan's.
  int64_t changes_ = 0;
  absl::btree_map<std::string, PlannedGroup> groups_;
};

}  // namespace

absl::Status SealPlan(const RunWork& work, const PlanOverlay& overlay,
                      size_t max_batch_rows, rollcall::store::Store& rows) {
  return Sealing(overlay, max_batch_rows, rows).Run(work);
}

}  // namespace rollcall::reconciliation
