#include "services/reconciliation/transaction.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/identity/resource_name.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/before_keys.h"
#include "services/reconciliation/erasure_keys.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/principal_names.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/transaction_rows.h"

namespace rollcall::reconciliation {
namespace {

// A row that says everything with its key: a message without any field.
constexpr char kEmptyRow[] = "";

std::string IdRow(const std::string& id) {
  store::IdRow row;
  row.set_id(id);
  return rollcall::store::Serialize(row);
}

std::vector<std::string> OnlyInFirst(const std::vector<std::string>& first,
                                     const std::vector<std::string>& second) {
  std::vector<std::string> rest;
  std::set_difference(first.begin(), first.end(), second.begin(), second.end(),
                      std::back_inserter(rest));
  return rest;
}

// Whose history an event is of; empty if nobody's. The name is our own.
std::string UserOf(const v1::ChangeEvent& event) {
  const std::string& name = event.has_user_purge()
                                ? event.user_purge().name()
                                : event.user_change().user().name();
  return name.substr(name.rfind('/') + 1);
}

const User& NoUser() {
  static const User& none = *new User();
  return none;
}

}  // namespace

Transaction::Transaction(rollcall::store::Store& store, absl::Mutex& writer,
                         FeedBell& bell, UsernameFilter& usernames,
                         std::string account)
    : lock_(&writer),
      store_(store),
      bell_(bell),
      usernames_(usernames),
      account_(std::move(account)),
      overlay_(std::make_unique<TransactionRows>(store)),
      identities_(*overlay_, account_),
      runs_(*overlay_, account_) {}

Transaction::~Transaction() = default;

absl::StatusOr<std::unique_ptr<Transaction>> Transaction::Begin(
    rollcall::store::Store& store, absl::Mutex& writer, FeedBell& bell,
    UsernameFilter& usernames, std::string account) {
  auto transaction = std::unique_ptr<Transaction>(
      new Transaction(store, writer, bell, usernames, std::move(account)));
  ASSIGN_OR_RETURN(transaction->head_before_,
                   store.Get(transaction->account_, keys::Head()));
  if (transaction->head_before_.has_value()) {
    ASSIGN_OR_RETURN(transaction->head_, rollcall::store::Parse<store::HeadRow>(
                                             *transaction->head_before_));
  }
  transaction->begin_sequence_ = transaction->head_.sequence();
  return transaction;
}

const rollcall::store::Reader& Transaction::reader() const { return *overlay_; }

absl::Status Transaction::CloseGate(const std::string& run) {
  PassGate(run);
  RETURN_IF_ERROR(CheckGate());
  head_.set_applying_run(run);
  return absl::OkStatus();
}

void Transaction::OpenGate(const std::string& run) {
  if (head_.applying_run() == run) head_.clear_applying_run();
}

absl::Status Transaction::CheckGate() const {
  const std::string& run = head_.applying_run();
  if (run.empty() || run == passing_run_) return absl::OkStatus();
  return Aborted("PLAN_UNDER_WAY",
                 absl::StrCat("A plan is being applied by ", run,
                              "; try again when it has ended."),
                 {{"run", run}});
}

bool Transaction::MayBeTaken(const std::string& username) const {
  return usernames_.MayBeTaken(account_, username);
}

absl::Status Transaction::RememberUsernames(int64_t limit) {
  if (usernames_.IsWatching(account_)) return absl::OkStatus();
  const store::UsageRow& usage = head_.usage();
  const int64_t users = usage.active_users() + usage.bypass_users() +
                        usage.disabled_users() + usage.pending_deletion_users();
  if (users > limit) return absl::OkStatus();
  auto cursor = overlay_->Scan(
      account_, rollcall::store::KeyRange::Prefix(keys::UsersByUsername()));
  std::vector<std::string> names;
  while (true) {
    ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    if (!entry.has_value()) break;
    names.emplace_back();
    RETURN_IF_ERROR(rollcall::store::KeyReader(entry->key)
                        .Table("users_by_username")
                        .String(&names.back())
                        .Finish());
  }
  // Not before all of them are known.
  usernames_.Watch(account_);
  for (const std::string& name : names) usernames_.Add(account_, name);
  return absl::OkStatus();
}

// Removes an index entry, unless it belongs to somebody else by now: two that
// swap their names in one transaction each write over the other's entry.
absl::Status Transaction::DropIndex(const std::string& key,
                                    absl::string_view id) {
  ASSIGN_OR_RETURN(
      absl::optional<store::IdRow> entry,
      rollcall::store::GetMessage<store::IdRow>(*overlay_, account_, key));
  if (entry.has_value() && entry->id() == id) Delete(key);
  return absl::OkStatus();
}

// What is billed (A26) is counted where users are written, so that the count
// and the rows never differ.
void Transaction::CountUser(const User& user, int64_t by) {
  store::UsageRow& usage = *head_.mutable_usage();
  if (user.pending_deletion()) {
    usage.set_pending_deletion_users(usage.pending_deletion_users() + by);
    return;
  }
  switch (user.status) {
    case UserStatus::kActive:
      usage.set_active_users(usage.active_users() + by);
      break;
    case UserStatus::kBypass:
      usage.set_bypass_users(usage.bypass_users() + by);
      break;
    case UserStatus::kDisabled:
      usage.set_disabled_users(usage.disabled_users() + by);
      break;
  }
}

absl::Status Transaction::PutUser(const User* before, const User& after,
                                  const store::UserMarkRow& mark) {
  RETURN_IF_ERROR(CheckGate());
  store::UserRow row = ToRow(after);
  *row.mutable_mark() = mark;
  Put(keys::User(after.id), row);
  if (before != nullptr) CountUser(*before, -1);
  CountUser(after, 1);

  const User& old = before == nullptr ? NoUser() : *before;
  CountLive(old, -1);
  CountLive(after, 1);
  const std::string id_row = IdRow(after.id);
  if (old.username != after.username) {
    PutBytes(keys::UserByUsername(after.username), id_row);
    usernames_.Add(account_, after.username);
    if (before != nullptr) {
      RETURN_IF_ERROR(DropIndex(keys::UserByUsername(old.username), after.id));
    }
  }
  for (const Claim& claim : old.claims) {
    const Claim* kept = after.ClaimOf(claim.directory);
    if (kept != nullptr && kept->source_id == claim.source_id) continue;
    RETURN_IF_ERROR(DropIndex(
        keys::UserBySource(claim.directory, claim.source_id), after.id));
  }
  for (const Claim& claim : after.claims) {
    const Claim* known = old.ClaimOf(claim.directory);
    if (known != nullptr && known->source_id == claim.source_id) continue;
    PutBytes(keys::UserBySource(claim.directory, claim.source_id), id_row);
  }
  const std::vector<std::string> names = PrincipalNameKeys(after);
  for (const std::string& key : PrincipalNameKeys(old)) {
    if (!absl::c_linear_search(names, key)) Delete(key);
  }
  for (const std::string& key : names) PutBytes(key, kEmptyRow);
  if (old.pinned_by != after.pinned_by) {
    if (!old.pinned_by.empty()) Delete(keys::Pinned(old.pinned_by, after.id));
    if (!after.pinned_by.empty()) {
      PutBytes(keys::Pinned(after.pinned_by, after.id), kEmptyRow);
    }
  }
  for (const std::string& group : OnlyInFirst(after.groups, old.groups)) {
    PutBytes(keys::Member(group, after.id), kEmptyRow);
    ++member_count_changes_[group];
  }
  for (const std::string& group : OnlyInFirst(old.groups, after.groups)) {
    Delete(keys::Member(group, after.id));
    --member_count_changes_[group];
    left_groups_[after.id].push_back(group);
  }
  return absl::OkStatus();
}

absl::Status Transaction::DeleteUser(const User& before) {
  RETURN_IF_ERROR(CheckGate());
  Delete(keys::User(before.id));
  CountUser(before, -1);
  CountLive(before, -1);
  RETURN_IF_ERROR(DropIndex(keys::UserByUsername(before.username), before.id));
  for (const Claim& claim : before.claims) {
    RETURN_IF_ERROR(DropIndex(
        keys::UserBySource(claim.directory, claim.source_id), before.id));
  }
  for (std::string& key : PrincipalNameKeys(before)) Delete(std::move(key));
  if (!before.pinned_by.empty()) {
    Delete(keys::Pinned(before.pinned_by, before.id));
  }
  for (const std::string& group : before.groups) {
    Delete(keys::Member(group, before.id));
    --member_count_changes_[group];
    left_groups_[before.id].push_back(group);
  }
  return absl::OkStatus();
}

absl::Status Transaction::PutGroup(const Group* before, const Group& after,
                                   const store::GroupMarkRow& mark) {
  RETURN_IF_ERROR(CheckGate());
  store::GroupRow row = ToRow(after);
  row.set_member_count(before == nullptr ? 0 : before->member_count);
  *row.mutable_mark() = mark;
  Put(keys::Group(after.id), row);

  const std::string name = GroupNameKey(after.display_name);
  PutBytes(keys::GroupByName(name), IdRow(after.id));
  if (before != nullptr && GroupNameKey(before->display_name) != name) {
    RETURN_IF_ERROR(DropIndex(
        keys::GroupByName(GroupNameKey(before->display_name)), after.id));
  }
  const bool relinked = before == nullptr ||
                        before->directory != after.directory ||
                        before->source_id != after.source_id;
  if (!relinked) return absl::OkStatus();
  if (!after.directory.empty()) {
    PutBytes(keys::GroupBySource(after.directory, after.source_id),
             IdRow(after.id));
  }
  if (before != nullptr && !before->directory.empty()) {
    RETURN_IF_ERROR(DropIndex(
        keys::GroupBySource(before->directory, before->source_id), after.id));
  }
  return absl::OkStatus();
}

absl::Status Transaction::DeleteGroup(const Group& before) {
  RETURN_IF_ERROR(CheckGate());
  auto change = member_count_changes_.find(before.id);
  const int64_t moved =
      change == member_count_changes_.end() ? 0 : change->second;
  if (before.member_count + moved != 0) {
    return Internal("GROUP_NOT_EMPTY",
                    absl::StrCat("The group ", before.id,
                                 " is to be deleted with members in it."),
                    {{"group", before.id}});
  }
  if (change != member_count_changes_.end()) {
    member_count_changes_.erase(change);
  }
  Delete(keys::Group(before.id));
  RETURN_IF_ERROR(DropIndex(
      keys::GroupByName(GroupNameKey(before.display_name)), before.id));
  if (before.directory.empty()) return absl::OkStatus();
  return DropIndex(keys::GroupBySource(before.directory, before.source_id),
                   before.id);
}

void Transaction::AppendEvent(v1::ChangeEvent event) {
  has_events_ = true;
  head_.set_sequence(head_.sequence() + 1);
  const std::string user = UserOf(event);
  if (!user.empty()) {
    PutBytes(keys::History(user, head_.sequence()), kEmptyRow);
    if (event.has_user_purge()) {
      PutBytes(keys::Erasure(head_.sequence()), IdRow(user));
    }
    TellLeftGroups(user, &event);
  }
  store::EventRow row;
  *row.mutable_event() = std::move(event);
  Put(keys::Feed(head_.sequence()), row);
}

// Who keeps a copy of a group hears from the event that a user has left it.
void Transaction::TellLeftGroups(const std::string& user,
                                 v1::ChangeEvent* event) {
  auto left = left_groups_.extract(user);
  if (left.empty()) return;
  for (const std::string& group : left.mapped()) {
    std::string name = GroupName(AccountName(account_), group).ToString();
    if (event->has_user_purge()) {
      event->mutable_user_purge()->add_left_groups(std::move(name));
    } else {
      event->mutable_user_change()->add_left_groups(std::move(name));
    }
  }
}

absl::Status Transaction::DropEvent(const v1::ChangeEvent& event) {
  if (event.sequence() != head_.dropped_sequence() + 1 ||
      event.sequence() > head_.sequence()) {
    return Internal("EVENT_NOT_OLDEST",
                    absl::StrCat("Event ", event.sequence(),
                                 " is to be dropped, but those up to ",
                                 head_.dropped_sequence(), " are."),
                    {{"sequence", absl::StrCat(event.sequence())}});
  }
  Delete(keys::Feed(event.sequence()));
  const std::string user = UserOf(event);
  if (!user.empty()) {
    Delete(keys::History(user, event.sequence()));
    if (!event.run().empty()) Delete(keys::Before(event.run(), user));
  }
  head_.set_dropped_sequence(event.sequence());
  return absl::OkStatus();
}

void Transaction::Put(std::string key,
                      const google::protobuf::MessageLite& row) {
  overlay_->Set(std::move(key), rollcall::store::Serialize(row));
}

void Transaction::PutBytes(std::string key, std::string value) {
  overlay_->Set(std::move(key), std::move(value));
}

void Transaction::Delete(std::string key) {
  overlay_->Set(std::move(key), absl::nullopt);
}

void Transaction::Reserve(size_t rows) { overlay_->Reserve(rows); }

bool Transaction::empty() const { return overlay_->size() == 0; }
size_t Transaction::row_count() const { return overlay_->size(); }
size_t Transaction::byte_size() const { return overlay_->byte_size(); }

absl::Status Transaction::MoveMemberCounts() {
  for (const auto& [group, change] : member_count_changes_) {
    if (change == 0) continue;
    ASSIGN_OR_RETURN(absl::optional<store::GroupRow> row,
                     rollcall::store::GetMessage<store::GroupRow>(
                         *overlay_, account_, keys::Group(group)));
    if (!row.has_value()) {
      return DataLoss("GROUP_UNKNOWN",
                      absl::StrCat("A user has the group ", group,
                                   ", which does not exist."),
                      {{"group", group}});
    }
    row->set_member_count(row->member_count() + change);
    Put(keys::Group(group), *row);
  }
  member_count_changes_.clear();
  return absl::OkStatus();
}

// A directory's live users are those it claims who are not in the trash.
void Transaction::CountLive(const User& user, int64_t change) {
  if (user.pending_deletion()) return;
  for (const Claim& claim : user.claims) {
    live_count_changes_[claim.directory] += change;
  }
}

absl::Status Transaction::MoveLiveCounts() {
  for (const auto& [directory, change] : live_count_changes_) {
    if (change == 0) continue;
    ASSIGN_OR_RETURN(absl::optional<store::LiveRow> row,
                     rollcall::store::GetMessage<store::LiveRow>(
                         *overlay_, account_, keys::Live(directory)));
    if (!row.has_value()) row.emplace();
    row->set_users(row->users() + change);
    Put(keys::Live(directory), *row);
  }
  live_count_changes_.clear();
  return absl::OkStatus();
}

absl::Status Transaction::Commit() {
  if (empty()) return absl::OkStatus();
  RETURN_IF_ERROR(MoveMemberCounts());
  RETURN_IF_ERROR(MoveLiveCounts());
  head_.set_batches(head_.batches() + 1);
  rollcall::store::Batch batch(account_);
  if (head_before_.has_value()) {
    batch.ExpectValue(keys::Head(), *head_before_);
  } else {
    batch.ExpectAbsent(keys::Head());
  }
  Put(keys::Head(), head_);
  batch.Reserve(overlay_->size());
  // Neighbours are written quicker one after the other.
  for (TransactionRows::Row* row : overlay_->TakeInOrder()) {
    if (row->value.has_value()) {
      batch.Put(std::move(row->key), *std::move(row->value));
    } else {
      batch.Delete(std::move(row->key));
    }
  }
  RETURN_IF_ERROR(store_.Commit(batch));
  if (has_events_) bell_.Ring(account_);
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
