#include "services/reconciliation/user_history.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/feed_cursor.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/rule_text.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::Entry;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

using Changes = std::vector<v1::FieldChange>;
using Values = std::vector<std::string>;

void AddChange(const char* field, std::string before, std::string after,
               Changes* changes) {
  if (before == after) return;
  v1::FieldChange& change = changes->emplace_back();
  change.set_field(field);
  change.set_before(std::move(before));
  change.set_after(std::move(after));
}

// What went, then what came.
void AddListChanges(const char* field, Values before, Values after,
                    Changes* changes) {
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  Values gone, come;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(gone));
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(come));
  for (std::string& value : gone) {
    AddChange(field, std::move(value), "", changes);
  }
  for (std::string& value : come) {
    AddChange(field, "", std::move(value), changes);
  }
}

std::string StateText(const v1::User& user) {
  return user.state() == v1::User::STATE_UNSPECIFIED
             ? ""
             : v1::User::State_Name(user.state());
}

std::string BoolText(bool value) { return value ? "true" : ""; }

Values ManagersOf(const v1::User& user) {
  Values values;
  for (const v1::ManagedBy& managed : user.managed_by()) {
    values.push_back(absl::StrCat(managed.directory(), " ", managed.source_id(),
                                  " ", managed.user_principal_name()));
  }
  return values;
}

Values PhonesOf(const v1::User& user) {
  Values values;
  for (const v1::Phone& phone : user.phones()) {
    values.push_back(
        phone.directory().empty()
            ? phone.number()
            : absl::StrCat(phone.number(), " ", phone.directory()));
  }
  return values;
}

Values DevicesOf(const v1::User& user) {
  Values values;
  for (const v1::Device& device : user.devices()) {
    values.push_back(device.device_id());
  }
  return values;
}

v1::HistoryEntry::Kind KindOf(const v1::ChangeEvent& event) {
  if (event.has_user_purge()) return v1::HistoryEntry::PURGED;
  switch (event.user_change().kind()) {
    case v1::UserChange::CREATED:
      return v1::HistoryEntry::CREATED;
    case v1::UserChange::REMOVED:
      return v1::HistoryEntry::REMOVED;
    case v1::UserChange::RESTORED:
      return v1::HistoryEntry::RESTORED;
    default:
      return v1::HistoryEntry::UPDATED;
  }
}

// Whether the event is the first of its user's life: a merge is not.
bool IsBirth(const v1::ChangeEvent& event) {
  return event.user_change().kind() == v1::UserChange::CREATED &&
         event.rule() != "R43" && event.rule() != "R44";
}

}  // namespace

Changes ChangesBetween(const v1::User& before, const v1::User& after) {
  Changes changes;
  AddChange("username", before.username(), after.username(), &changes);
  AddChange("display_name", before.display_name(), after.display_name(),
            &changes);
  AddChange("email", before.email(), after.email(), &changes);
  AddChange("state", StateText(before), StateText(after), &changes);
  AddListChanges("managed_by", ManagersOf(before), ManagersOf(after), &changes);
  AddListChanges("groups", {before.groups().begin(), before.groups().end()},
                 {after.groups().begin(), after.groups().end()}, &changes);
  AddListChanges("phones", PhonesOf(before), PhonesOf(after), &changes);
  AddChange("source_has_phone_data", BoolText(before.source_has_phone_data()),
            BoolText(after.source_has_phone_data()), &changes);
  AddListChanges("devices", DevicesOf(before), DevicesOf(after), &changes);
  AddChange("note", before.note(), after.note(), &changes);
  AddChange("pinned_by", before.pinned_by(), after.pinned_by(), &changes);
  return changes;
}

v1::HistoryEntry MakeHistoryEntry(const v1::ChangeEvent& event,
                                  const v1::ChangeEvent* before) {
  v1::HistoryEntry entry;
  entry.set_event_id(event.event_id());
  entry.set_sequence(event.sequence());
  *entry.mutable_commit_time() = event.commit_time();
  entry.set_kind(KindOf(event));
  entry.set_run(event.run());
  entry.set_actor(event.actor());
  entry.set_rule(event.rule());
  entry.set_explanation(RuleText(event.rule()));
  if (event.has_evidence()) *entry.mutable_evidence() = event.evidence();
  if (event.has_user_purge()) return entry;
  entry.set_before_unknown(before == nullptr && !IsBirth(event));
  const v1::User nobody;
  const v1::User& was =
      before == nullptr ? nobody : before->user_change().user();
  for (v1::FieldChange& change :
       ChangesBetween(was, event.user_change().user())) {
    *entry.add_changes() = std::move(change);
  }
  return entry;
}

// The index is walked forward, keys only: a user has hundreds of events, not
// millions.
absl::StatusOr<std::vector<int64_t>> UserHistory::Sequences(
    int64_t before, size_t limit) const {
  auto cursor = reader_->Scan(
      account_, {keys::HistoryOf(user_), keys::History(user_, before)});
  std::deque<int64_t> newest;
  while (true) {
    ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor->Next());
    if (!entry.has_value()) break;
    std::string user;
    int64_t sequence = 0;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("user_history")
                        .String(&user)
                        .Int64(&sequence)
                        .Finish());
    newest.push_front(sequence);
    if (newest.size() > limit) newest.pop_back();
  }
  return std::vector<int64_t>(newest.begin(), newest.end());
}

absl::StatusOr<v1::ChangeEvent> UserHistory::Event(int64_t sequence) const {
  ASSIGN_OR_RETURN(absl::optional<store::EventRow> row,
                   rollcall::store::GetMessage<store::EventRow>(
                       *reader_, account_, keys::Feed(sequence)));
  if (!row.has_value()) {
    return DataLoss(
        "INDEX_DANGLING",
        absl::StrCat("The history of the user ", user_, " leads to event ",
                     sequence, ", which does not exist."),
        {{"user", user_}, {"sequence", absl::StrCat(sequence)}});
  }
  v1::ChangeEvent event = std::move(*row->mutable_event());
  event.set_sequence(sequence);
  event.set_event_id(FeedCursor(incarnation_, sequence));
  return event;
}

absl::StatusOr<std::vector<v1::HistoryEntry>> UserHistory::Before(
    int64_t before, int limit) const {
  // One more: what was before the last of the page.
  ASSIGN_OR_RETURN(const std::vector<int64_t> sequences,
                   Sequences(before, static_cast<size_t>(limit) + 1));
  std::vector<v1::HistoryEntry> entries;
  absl::optional<v1::ChangeEvent> newer;
  for (int64_t sequence : sequences) {
    ASSIGN_OR_RETURN(v1::ChangeEvent event, Event(sequence));
    if (newer.has_value()) {
      entries.push_back(MakeHistoryEntry(*newer, &event));
    }
    newer = std::move(event);
  }
  if (newer.has_value() && entries.size() < static_cast<size_t>(limit)) {
    entries.push_back(MakeHistoryEntry(*newer, nullptr));
  }
  return entries;
}

absl::Status UserHistory::VisitNewest(
    int limit, const std::function<bool(const v1::ChangeEvent&)>& visit) const {
  ASSIGN_OR_RETURN(const std::vector<int64_t> sequences,
                   Sequences(std::numeric_limits<int64_t>::max(),
                             static_cast<size_t>(limit)));
  for (int64_t sequence : sequences) {
    ASSIGN_OR_RETURN(const v1::ChangeEvent event, Event(sequence));
    if (!visit(event)) break;
  }
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
