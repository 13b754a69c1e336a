#include "services/reconciliation/world.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/store/rocksdb_store.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_requests.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/row_texts.h"
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

RunName World::StartPlan(const std::string& directory,
                         bool assumes_normalization) {
  const RunName name(DirectoryName(AccountName(kAccount), directory),
                     absl::StrCat("r", next_run_++));
  Must(StartRun(
      name, {.plan_only = true, .assumes_normalization = assumes_normalization},
      clock.TimeNow(), *store));
  return name;
}

v1::Run World::Plan(const std::string& directory, bool assumes_normalization) {
  const RunName name = StartPlan(directory, assumes_normalization);
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
  return RowTexts(*rows, kAccount);
}

}  // namespace rollcall::reconciliation
