#include "tests/system/model/driver.h"

#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/rpc/access_policy.h"
#include "common/status/errors.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/world.h"

namespace rollcall::model {
namespace {

namespace v1 = reconciliation::v1;
using reconciliation::FakeTenant;
using reconciliation::SourceId;
using rollcall::store::FaultyStore;

constexpr char kAccount[] = "accounts/acme";
constexpr char kOwner[] = "spiffe://test.rollcall/account/acme/role/owner/ada";

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.UserService",
       "rollcall.reconciliation.v1.ReconciliationService"});
  if (!policy.ok()) {
    std::cerr << policy.status() << std::endl;
    std::abort();
  }
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

// The fields that are to be set, and their mask.
template <typename Mask>
void Fill(const UserEdit& edit, v1::User* user, Mask* mask) {
  if (edit.username.has_value()) {
    user->set_username(*edit.username);
    mask->add_paths("username");
  }
  if (edit.display_name.has_value()) {
    user->set_display_name(*edit.display_name);
    mask->add_paths("display_name");
  }
  if (edit.email.has_value()) {
    user->set_email(*edit.email);
    mask->add_paths("email");
  }
  if (edit.note.has_value()) {
    user->set_note(*edit.note);
    mask->add_paths("note");
  }
  if (edit.phones.has_value()) {
    for (const std::string& number : *edit.phones) {
      user->add_phones()->set_number(number);
    }
    mask->add_paths("phones");
  }
}

}  // namespace

Driver::Driver()
    : world_(std::make_unique<reconciliation::World>(/*max_batch_rows=*/12,
                                                     /*users_per_step=*/2)) {
  Restart();
  view_ = std::make_unique<ServiceView>(*world_, runs_);
}

Driver::~Driver() = default;

reconciliation::UserWriter& Driver::users() { return service_->users(); }
reconciliation::GroupWriter& Driver::groups() { return service_->groups(); }

void Driver::Restart() {
  runs_.reset();
  service_.reset();
  world_->Restart();
  service_ = std::make_unique<reconciliation::UserServiceImpl>(
      reconciliation::UserWriterOptions{
          .store = *world_->store,
          .directory = world_->directory_service,
          .clock = world_->clock,
          .make_id = [this] { return absl::StrFormat("by-hand-%d", ++ids_); }},
      MakeEdge());
  runs_ = std::make_unique<reconciliation::ReconciliationServiceImpl>(
      reconciliation::ReconciliationServiceOptions{
          .store = *world_->store,
          .directory = world_->directory_service,
          .board = world_->board,
          .clock = world_->clock,
          .make_id = [this] { return absl::StrFormat("started-%d", ++ids_); },
          .on_run_started = [] {}},
      MakeEdge());
}

void Driver::Arm() {
  crashed_ = false;
  if (crash_.at_commit == 0) return;
  world_->faulty->FailCommit(
      crash_.at_commit, crash_.written ? FaultyStore::Outcome::kWritten
                                       : FaultyStore::Outcome::kNotWritten);
}

std::string Driver::Call(const std::function<absl::Status()>& call) {
  Arm();
  absl::Status status = call();
  if (ReasonOf(status) == "STORE_FAILED") {
    crashed_ = true;
    Restart();
    if (crash_.reading_lost) world_->directory_service.ForgetReadings();
    status = call();
  }
  world_->faulty->Heal();
  if (status.ok()) return "OK";
  const std::string reason = ReasonOf(status);
  return reason.empty() ? status.ToString() : reason;
}

void Driver::Configure(const std::string& directory, const Tenant& tenant) {
  FakeTenant& fake = world_->tenant(directory);
  fake = FakeTenant();
  fake.normalization = tenant.normalization;
  fake.phone_import = tenant.phone_import;
  fake.mail = tenant.mail;
  fake.follow_renames = tenant.follow_renames;
  fake.complete = tenant.readings_complete;
  for (auto* limit :
       {fake.limits.mutable_removed(), fake.limits.mutable_disabled(),
        fake.limits.mutable_groups_emptied(), fake.limits.mutable_merged(),
        fake.limits.mutable_emails_cleared()}) {
    limit->set_percent(tenant.limit.percent);
    limit->set_count(tenant.limit.count);
  }
  for (const auto& [object, group] : tenant.groups) {
    if (!group.selected) continue;
    fake.AddGroup(object, group.missing ? "" : group.display_name)
        .set_missing(group.missing);
  }
  const std::map<int, Wanted> scope = ScopeOf(tenant);
  for (const auto& [object, user] : tenant.users) {
    auto wanted = scope.find(object);
    const bool in_scope = wanted != scope.end();
    auto& desired =
        fake.AddUser(object, user.upn,
                     in_scope ? std::vector<int>(wanted->second.groups.begin(),
                                                 wanted->second.groups.end())
                              : std::vector<int>());
    desired.set_display_name(user.display_name);
    desired.set_email(user.email);
    desired.set_enabled(user.enabled);
    desired.set_has_phone_data(user.has_phone_data);
    for (const std::string& number : user.phones) {
      desired.add_phones()->set_number(number);
    }
    if (!in_scope) fake.MoveOutside(object);
  }
}

void Driver::AdvanceSeconds(int64_t by) {
  world_->clock.AdvanceTime(absl::Seconds(by));
  world_->directory_service.read_seconds += by;
}

int64_t Driver::Now() { return absl::ToUnixSeconds(world_->clock.TimeNow()); }

std::string Driver::NewRequestId() {
  return absl::StrFormat("00000000-0000-4000-8000-%012d", ++requests_);
}

std::string Driver::CreateUser(const UserEdit& edit) {
  v1::CreateUserRequest request;
  request.set_parent(kAccount);
  google::protobuf::FieldMask mask;
  Fill(edit, request.mutable_user(), &mask);
  request.set_request_id(NewRequestId());
  return Call([&] { return users().Create(request, kOwner).status(); });
}

std::string Driver::UpdateUser(int number, const UserEdit& edit) {
  v1::UpdateUserRequest request;
  Fill(edit, request.mutable_user(), request.mutable_update_mask());
  request.mutable_user()->set_name(view_->NameOf(number));
  request.set_request_id(NewRequestId());
  return Call([&] { return users().Update(request, kOwner).status(); });
}

std::string Driver::SetStatus(int number, Status status) {
  v1::SetUserStateRequest request;
  request.set_name(view_->NameOf(number));
  request.set_state(status == Status::kActive   ? v1::User::ACTIVE
                    : status == Status::kBypass ? v1::User::BYPASS
                                                : v1::User::DISABLED);
  request.set_request_id(NewRequestId());
  return Call([&] { return users().SetState(request, kOwner).status(); });
}

std::string Driver::AddDevice(int number, const std::string& device) {
  v1::AddDeviceRequest request;
  request.set_parent(view_->NameOf(number));
  request.mutable_device()->set_device_id(device);
  return Call([&] { return users().AddDevice(request, kOwner).status(); });
}

std::string Driver::RemoveDevice(int number, const std::string& device) {
  v1::RemoveDeviceRequest request;
  request.set_parent(view_->NameOf(number));
  request.set_device_id(device);
  request.set_request_id(NewRequestId());
  return Call([&] { return users().RemoveDevice(request, kOwner).status(); });
}

std::string Driver::DeleteUser(int number) {
  v1::DeleteUserRequest request;
  request.set_name(view_->NameOf(number));
  request.set_request_id(NewRequestId());
  return Call([&] { return users().Delete(request, kOwner).status(); });
}

std::string Driver::Purge(int number, int deletions) {
  v1::PurgeUserRequest request;
  request.set_name(view_->NameOf(number));
  request.set_deletion_epoch(deletions);
  return Call([&] { return service_->PurgeUser(request).status(); });
}

std::string Driver::CreateGroup(const std::string& display_name) {
  v1::CreateGroupRequest request;
  request.set_parent(kAccount);
  request.mutable_group()->set_display_name(display_name);
  request.set_request_id(NewRequestId());
  return Call([&] { return groups().Create(request, kOwner).status(); });
}

std::string Driver::RenameGroup(int number, const std::string& display_name) {
  v1::UpdateGroupRequest request;
  request.mutable_group()->set_name(view_->NameOf(number));
  request.mutable_group()->set_display_name(display_name);
  request.set_request_id(NewRequestId());
  return Call([&] { return groups().Update(request, kOwner).status(); });
}

std::string Driver::SetGroupStatus(int number, Status status) {
  v1::SetGroupStateRequest request;
  request.set_name(view_->NameOf(number));
  request.set_state(status == Status::kActive   ? v1::Group::ACTIVE
                    : status == Status::kBypass ? v1::Group::BYPASS
                                                : v1::Group::DISABLED);
  request.set_request_id(NewRequestId());
  return Call([&] { return groups().SetState(request, kOwner).status(); });
}

std::string Driver::DeleteGroup(int number, bool force) {
  v1::DeleteGroupRequest request;
  request.set_name(view_->NameOf(number));
  request.set_force(force);
  request.set_request_id(NewRequestId());
  return Call([&] { return groups().Delete(request, kOwner).status(); });
}

std::string Driver::SetMember(int group, int user, bool member) {
  if (member) {
    v1::AddGroupMemberRequest request;
    request.set_parent(view_->NameOf(group));
    request.set_user(view_->NameOf(user));
    request.set_request_id(NewRequestId());
    return Call([&] { return groups().AddMember(request, kOwner).status(); });
  }
  v1::RemoveGroupMemberRequest request;
  request.set_parent(view_->NameOf(group));
  request.set_user(view_->NameOf(user));
  request.set_request_id(NewRequestId());
  return Call([&] { return groups().RemoveMember(request, kOwner).status(); });
}

std::string Driver::Decide(const std::string& directory, bool of_group,
                           int object, const Decision& decision) {
  v1::DecideCollisionsRequest request;
  request.set_parent(absl::StrCat(kAccount, "/directories/", directory));
  v1::CollisionDecision& message = *request.add_decisions();
  message.set_source_id(SourceId(object));
  if (of_group) {
    message.set_group_name(decision.name);
  } else {
    message.set_username(decision.name);
  }
  message.set_choice(static_cast<v1::CollisionDecision::Choice>(
      static_cast<int>(decision.choice) + 1));
  return Call(
      [&] { return runs_->DecideCollisions(request, kOwner).status(); });
}

std::string Driver::BrokenInvariants() {
  const absl::Status status =
      reconciliation::CheckInvariants(*world_->store, "acme");
  return status.ok() ? "" : status.ToString();
}

}  // namespace rollcall::model
