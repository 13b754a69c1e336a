#include "services/reconciliation/world.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/store/rocksdb_store.h"
#include "google/protobuf/message.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_requests.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_reverting.h"
#include "services/reconciliation/run_scope.h"

namespace rollcall::reconciliation {
namespace {

constexpr char kAccount[] = "acme";

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << std::endl;
  std::abort();
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

template <typename Row>
std::string TextOf(const std::string& value) {
  return Must(rollcall::store::Parse<Row>(value)).DebugString();
}

// A row as text; the table is the first part of the key.
std::string RowText(const std::string& key, const std::string& value) {
  const std::string table = key.substr(0, key.find('\0'));
  if (table == "users") return TextOf<store::UserRow>(value);
  if (table == "groups") return TextOf<store::GroupRow>(value);
  if (table == "runs") return TextOf<store::RunRow>(value);
  if (table == "feed") return TextOf<store::EventRow>(value);
  if (table == "withheld") return TextOf<store::WithheldRow>(value);
  if (table == "places") return TextOf<store::PlaceRow>(value);
  if (table == "scopes") return TextOf<store::ScopeRow>(value);
  if (table == "running") return TextOf<store::RunningRow>(value);
  if (table == "directories") return TextOf<store::DirectoryRow>(value);
  if (table == "live") return TextOf<store::LiveRow>(value);
  if (table == "held") return TextOf<store::HeldBatchRow>(value);
  if (table == "held_rows") return TextOf<store::WithheldRow>(value);
  return TextOf<store::IdRow>(value);
}

}  // namespace

World::World(size_t max_batch_rows, size_t users_per_step)
    : rows(Must(rollcall::store::OpenInMemory())),
      max_batch_rows_(max_batch_rows),
      users_per_step_(users_per_step) {
  Restart();
}

void World::Restart() {
  engine_.reset();
  store.reset();
  faulty = std::make_unique<rollcall::store::FaultyStore>(*rows);
  store = std::make_unique<IdentityStore>(*faulty);
  engine_ = std::make_unique<RunEngine>(Options());
}

RunEngineOptions World::Options() {
  return {.store = *store,
          .directory = directory_service,
          .board = board,
          .clock = clock,
          .make_id = [this] { return absl::StrFormat("id%06dx", next_id_++); },
          .is_stopping = [this] { return is_stopping; },
          .max_batch_rows = max_batch_rows_,
          .users_per_step = users_per_step_};
}

RunName World::Start(const std::string& directory, v1::Run::Kind kind) {
  const RunName name(DirectoryName(AccountName(kAccount), directory),
                     absl::StrCat("r", next_run_++));
  Must(StartRun(name, {.kind = kind}, clock.TimeNow(), *store));
  return name;
}

RunName World::StartPlan(const std::string& directory) {
  const RunName name(DirectoryName(AccountName(kAccount), directory),
                     absl::StrCat("r", next_run_++));
  Must(StartRun(name, {.plan_only = true}, clock.TimeNow(), *store));
  return name;
}

v1::Run World::Plan(const std::string& directory) {
  const RunName name = StartPlan(directory);
  Check(Carry(name));
  Check(CheckInvariants(*store, kAccount));
  return Find(name);
}

RunName World::StartApplying(const v1::Run& plan) {
  const RunName name = Must(RunName::Parse(plan.name()));
  const std::string id = absl::StrCat("r", next_run_++);
  Must(StartApplication(name, id, clock.TimeNow(), *store));
  return RunName(name.directory(), id);
}

v1::Run World::Apply(const v1::Run& plan) {
  const RunName name = StartApplying(plan);
  Check(Carry(name));
  Check(CheckInvariants(*store, kAccount));
  return Find(name);
}

RunName World::StartReverting(const v1::Run& run) {
  const RunName name = Must(RunName::Parse(run.name()));
  const std::string id = absl::StrCat("r", next_run_++);
  const directory::v1::Directory configured =
      Must(directory_service.GetDirectory(name.directory()));
  Must(StartRevert(name, id, ScopeOf(configured), clock.TimeNow(), *store));
  return RunName(name.directory(), id);
}

v1::Run World::Revert(const v1::Run& run) {
  const RunName name = StartReverting(run);
  Check(Carry(name));
  Check(CheckInvariants(*store, kAccount));
  return Find(name);
}

absl::StatusOr<v1::SyncUserResponse> World::SyncUser(
    const std::string& user_principal_name, const std::string& directory) {
  const directory::v1::Directory configured =
      Must(directory_service.GetDirectory(
          DirectoryName(AccountName(kAccount), directory)));
  auto response = SingleSync(Options()).Sync(
      configured, {.user_principal_name = user_principal_name});
  Check(CheckInvariants(*store, kAccount));
  return response;
}

absl::Status World::Carry(const RunName& name) {
  return engine_->Execute(name);
}

v1::Run World::Find(const RunName& name) const {
  return *Must(store->Runs(kAccount).FindRun(name.directory().id(), name.id()));
}

v1::Run World::Sync(const std::string& directory, v1::Run::Kind kind) {
  const RunName name = Start(directory, kind);
  Check(Carry(name));
  Check(CheckInvariants(*store, kAccount));
  return Find(name);
}

absl::optional<User> World::FindUser(const std::string& username) const {
  auto record = Must(store->Identities(kAccount).FindUserByUsername(username));
  if (!record.has_value()) return absl::nullopt;
  return record->user;
}

User World::user(const std::string& username) const {
  absl::optional<User> found = FindUser(username);
  if (!found.has_value()) Check(absl::NotFoundError(username));
  return *found;
}

absl::optional<Group> World::FindGroup(const std::string& name) const {
  auto record = Must(store->Identities(kAccount).FindGroupByName(name));
  if (!record.has_value()) return absl::nullopt;
  return record->group;
}

Group World::group(const std::string& name) const {
  absl::optional<Group> found = FindGroup(name);
  if (!found.has_value()) Check(absl::NotFoundError(name));
  return *found;
}

std::vector<std::string> World::GroupNamesOf(
    const std::string& username) const {
  std::vector<std::string> names;
  for (const std::string& id : user(username).groups) {
    names.push_back(
        Must(store->Identities(kAccount).FindGroup(id))->group.display_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void World::PutUser(User user) {
  auto transaction = Must(store->Begin(kAccount));
  auto before = Must(transaction->identities().FindUser(user.id));
  Check(transaction->PutUser(before.has_value() ? &before->user : nullptr, user,
                             store::UserMarkRow()));
  Check(transaction->Commit());
}

void World::PutGroup(Group group) {
  auto transaction = Must(store->Begin(kAccount));
  auto before = Must(transaction->identities().FindGroup(group.id));
  Check(transaction->PutGroup(before.has_value() ? &before->group : nullptr,
                              group, store::GroupMarkRow()));
  Check(transaction->Commit());
}

std::vector<v1::ChangeEvent> World::Events() const {
  std::vector<v1::ChangeEvent> events;
  Check(store->Feed(kAccount).ReadAfter(0, [&](v1::ChangeEvent event) {
    events.push_back(std::move(event));
    return true;
  }));
  return events;
}

std::vector<std::string> World::EventTexts(size_t after) const {
  std::vector<std::string> texts;
  for (const v1::ChangeEvent& event : Events()) {
    if (static_cast<size_t>(event.sequence()) <= after) continue;
    if (event.has_user_change()) {
      texts.push_back(absl::StrCat(
          v1::UserChange::Kind_Name(event.user_change().kind()), " ",
          event.user_change().user().username(), " ", event.rule()));
    } else if (event.has_group_change()) {
      texts.push_back(absl::StrCat(
          "group ", event.group_change().display_name(), " ", event.rule()));
    } else if (event.has_run_finished()) {
      texts.push_back(absl::StrCat(
          "finished ",
          v1::Run::State_Name(event.run_finished().run().state())));
    } else {
      texts.push_back(absl::StrCat("purged ", event.rule()));
    }
  }
  return texts;
}

std::vector<std::string> World::DumpObjects() const {
  const IdentityReader identities = store->Identities(kAccount);
  std::vector<std::string> lines;
  for (User user : Must(identities.ListUsers("", 1000))) {
    std::vector<std::string> groups = GroupNamesOf(user.username);
    user.groups.clear();
    user.create_time = user.update_time = absl::UnixEpoch();
    if (user.pending_deletion()) user.delete_time = absl::FromUnixSeconds(1);
    for (Claim& claim : user.claims) claim.read_time = absl::UnixEpoch();
    lines.push_back(absl::StrCat(absl::StrJoin(groups, ","), " ",
                                 ToRow(user).DebugString()));
  }
  for (Group group : Must(identities.ListGroups("", 1000))) {
    group.create_time = group.update_time = absl::UnixEpoch();
    lines.push_back(ToRow(group).DebugString());
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> World::Dump() const {
  std::map<std::string, std::string> names;
  for (const User& user :
       Must(store->Identities(kAccount).ListUsers("", 1000))) {
    names[user.id] = absl::StrCat("<", user.username, ">");
  }
  for (const Group& group :
       Must(store->Identities(kAccount).ListGroups("", 1000))) {
    names[group.id] = absl::StrCat("<", group.display_name, ">");
  }
  std::vector<std::string> lines;
  auto cursor = rows->Scan(kAccount, rollcall::store::KeyRange());
  while (true) {
    auto entry = Must(cursor->Next());
    if (!entry.has_value()) break;
    // How many batches it took is the one thing that may differ.
    if (entry->key == keys::Head()) continue;
    lines.push_back(
        absl::StrReplaceAll(absl::StrCat(absl::CHexEscape(entry->key), " ",
                                         RowText(entry->key, entry->value)),
                            names));
    // The order of members is that of ids, which are drawn anew.
    if (lines.back().find("groups:") != std::string::npos) {
      std::vector<std::string> parts;
      std::string text = lines.back(), line;
      for (char c : text) {
        line.push_back(c);
        if (c == '\n') parts.push_back(std::exchange(line, ""));
      }
      std::sort(parts.begin(), parts.end());
      lines.back() = absl::StrCat(line);
      for (const std::string& part : parts) lines.back() += part;
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace rollcall::reconciliation
