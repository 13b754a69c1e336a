#include "tests/system/model/service_view.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/reconciliation/access_reader.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/user_view.h"
#include "services/reconciliation/world.h"

namespace rollcall::model {
namespace {

namespace v1 = reconciliation::v1;

constexpr char kAccount[] = "accounts/acme";
constexpr int kMany = 10'000;
constexpr int kPage = 1000;

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << std::endl;
  std::abort();
}

std::string DirectoryOf(const std::string& name) {
  return std::string(absl::StripPrefix(name, "accounts/acme/directories/"));
}

// The number that SourceId has been given.
int ObjectOf(const std::string& source_id) {
  int number = 0;
  if (source_id.size() < 12 ||
      !absl::SimpleAtoi(source_id.substr(source_id.size() - 12), &number)) {
    return 0;
  }
  return number;
}

std::string FieldsOf(const v1::Group& group) {
  return absl::StrCat(
      "group ", group.display_name(), " ", v1::Group::State_Name(group.state()),
      " of=", DirectoryOf(group.directory()), ":", ObjectOf(group.source_id()),
      " created=", group.create_time().seconds(),
      " updated=", group.update_time().seconds());
}

}  // namespace

std::string ServiceView::LineOf(const v1::User& user) const {
  std::vector<std::string> claims, groups, phones, devices;
  for (const v1::ManagedBy& claim : user.managed_by()) {
    claims.push_back(absl::StrCat(DirectoryOf(claim.directory()), ":",
                                  ObjectOf(claim.source_id()), ":",
                                  claim.user_principal_name()));
  }
  for (const std::string& group : user.groups()) {
    auto name = group_names_.find(group);
    groups.push_back(name == group_names_.end() ? group : name->second);
  }
  for (const v1::Phone& phone : user.phones()) {
    phones.push_back(
        absl::StrCat(phone.number(), "/", DirectoryOf(phone.directory())));
  }
  for (const v1::Device& device : user.devices()) {
    devices.push_back(device.device_id());
  }
  std::sort(claims.begin(), claims.end());
  std::sort(groups.begin(), groups.end());
  std::sort(devices.begin(), devices.end());
  return absl::StrCat("user ", user.username(), " name=", user.display_name(),
                      " email=", user.email(), " note=", user.note(), " ",
                      v1::User::State_Name(user.state()),
                      " claims=", absl::StrJoin(claims, ","),
                      " groups=", absl::StrJoin(groups, ","),
                      " phones=", absl::StrJoin(phones, ","),
                      " data=", user.source_has_phone_data(),
                      " devices=", absl::StrJoin(devices, ","),
                      " created=", user.create_time().seconds(),
                      " updated=", user.update_time().seconds(),
                      " deleted=", user.delete_time().seconds(), "#",
                      user.deletion_epoch(),
                      " pinned=", DirectoryOf(user.pinned_by()));
}

// The groups that a change has taken a user out of.
template <typename Names>
std::string ServiceView::Left(const Names& names) const {
  std::vector<std::string> left;
  for (const std::string& name : names) {
    auto group = group_names_.find(name);
    left.push_back(group == group_names_.end() ? name : group->second);
  }
  std::sort(left.begin(), left.end());
  return absl::StrCat(" left=", absl::StrJoin(left, ","));
}

std::vector<std::string> ServiceView::Lines() {
  std::vector<std::string> lines;
  const auto identities = world_.store->Identities("acme");
  for (const auto& group : Must(identities.ListGroups("", kMany))) {
    const v1::Group shown = reconciliation::ShowGroup(group, "acme");
    group_names_[shown.name()] = shown.display_name();
    lines.push_back(
        absl::StrCat(FieldsOf(shown), " members=", shown.member_count()));
  }
  for (const auto& user : Must(identities.ListUsers("", kMany))) {
    lines.push_back(LineOf(reconciliation::ShowListedUser(user, "acme")));
    const v1::CheckAccessResponse access = reconciliation::ShowAccess(
        Must(reconciliation::ReadAccess(user.username, identities)).known,
        "acme");
    lines.push_back(
        absl::StrCat("access ", user.username, " ",
                     v1::CheckAccessResponse::Decision_Name(access.decision()),
                     " ", access.reason()));
  }
  const auto usage = Must(identities.Usage());
  lines.push_back(absl::StrCat(
      "usage ", usage.active_users(), " ", usage.bypass_users(), " ",
      usage.disabled_users(), " ", usage.pending_deletion_users()));
  for (const char* directory : {"d1", "d2"}) {
    AddBatches(directory, &lines);
    AddDecisions(directory, &lines);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

// The guard's, and what is held (B2).
void ServiceView::AddBatches(const std::string& directory,
                             std::vector<std::string>* lines) const {
  const DirectoryName name(AccountName("acme"), directory);
  const auto identities = world_.store->Identities("acme");
  for (const v1::HeldBatch& batch :
       Must(reconciliation::ListBatches(*world_.store, name, "", kMany))) {
    const std::string danger = v1::HeldBatch::Danger_Name(batch.danger());
    lines->push_back(absl::StrCat(
        "batch ", directory, " ", danger, " ",
        v1::HeldBatch::State_Name(batch.state()), " ", batch.count(), " of ",
        batch.live_count(), " over ", batch.limit_percent(), "% and ",
        batch.limit_count(), " changes=", batch.change_count()));
    if (batch.state() != v1::HeldBatch::HELD) continue;
    for (const auto& held : Must(reconciliation::ListHeldUsers(
             *world_.store, name, batch.danger(), "", kMany))) {
      std::vector<std::string> leave;
      for (const std::string& group : held.row.leave_groups()) {
        auto found = Must(identities.FindGroup(group));
        leave.push_back(found.has_value() ? found->group.display_name : "gone");
      }
      std::sort(leave.begin(), leave.end());
      const auto user = Must(identities.FindUser(held.row.user_id()));
      const int whom =
          batch.danger() == v1::HeldBatch::MEMBERS_REMOVED
              ? -NumberOf(absl::StrCat(kAccount, "/users/", held.row.user_id()))
              : ObjectOf(held.source_id);
      lines->push_back(
          absl::StrCat("held ", directory, " ", danger, " ", whom, " ",
                       user.has_value() ? user->user.username : "gone",
                       " leaves=", absl::StrJoin(leave, ",")));
    }
  }
}

void ServiceView::AddDecisions(const std::string& directory,
                               std::vector<std::string>* lines) const {
  v1::ListCollisionDecisionsRequest request;
  request.set_parent(absl::StrCat(kAccount, "/directories/", directory));
  request.set_page_size(kPage);
  const auto page = Must(service_->ListCollisionDecisions(request));
  for (const v1::CollisionDecision& decision : page.decisions()) {
    lines->push_back(absl::StrCat(
        "decision ", directory, decision.has_username() ? " user " : " group ",
        ObjectOf(decision.source_id()), " ",
        v1::CollisionDecision::Choice_Name(decision.choice()), " ",
        decision.username(), decision.group_name()));
  }
}

std::map<std::string, int> ServiceView::MetBy(const v1::Run& run) const {
  v1::ListCollisionsRequest request;
  request.set_parent(run.name());
  request.set_page_size(kPage);
  std::map<std::string, int> met;
  const auto page = Must(service_->ListCollisions(request));
  for (const v1::Collision& collision : page.collisions()) {
    met[absl::StrCat(
        v1::Collision::Kind_Name(collision.kind()), " ",
        ObjectOf(collision.source_id()), " ", collision.wanted(), " ",
        v1::CollisionDecision::Choice_Name(collision.choice()), " ",
        collision.rule(), collision.reason().empty() ? "" : " ",
        collision.reason())] = NumberOf(collision.holder());
  }
  return met;
}

RunResult ServiceView::ResultOf(const v1::Run& run) const {
  RunResult result{.name = run.name()};
  result.kind = v1::Run::Kind_Name(run.kind());
  result.state = v1::Run::State_Name(run.state());
  for (const v1::RunProblem& problem : run.problems()) {
    result.problems.insert(problem.reason());
  }
  const v1::RunCounters& counters = run.counters();
  const auto* descriptor = counters.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    // What reading costs is the directory service's.
    if (field->is_repeated() || field->name() == "source_requests") continue;
    const int64_t value = counters.GetReflection()->GetInt64(counters, field);
    if (value != 0) result.counters[field->name()] = value;
  }
  for (const auto& [reason, count] : counters.skipped()) {
    result.counters[absl::StrCat("skipped ", reason)] = count;
  }
  for (const auto& [reason, count] : counters.warnings()) {
    result.counters[absl::StrCat("warnings ", reason)] = count;
  }
  for (const auto& [reason, count] : counters.not_reverted()) {
    result.counters[absl::StrCat("not_reverted ", reason)] = count;
  }
  for (const auto& [danger, count] : counters.held()) {
    result.counters[absl::StrCat("held ", danger)] = count;
  }
  result.met = MetBy(run);
  return result;
}

int ServiceView::NumberOf(const std::string& name) const {
  auto number = numbers_.find(name);
  return number == numbers_.end() ? 0 : number->second;
}

void ServiceView::LearnNumbers(const State& state) {
  for (const auto& [number, user] : state.users) {
    const auto found = world_.FindUser(user.username);
    if (!found.has_value()) continue;
    const std::string name = absl::StrCat(kAccount, "/users/", found->id);
    numbers_[name] = number;
    names_[number] = name;
  }
  for (const auto& [number, group] : state.groups) {
    const auto found = world_.FindGroup(group.display_name);
    if (!found.has_value()) continue;
    const std::string name = absl::StrCat(kAccount, "/groups/", found->id);
    numbers_[name] = number;
    names_[number] = name;
  }
}

Told ServiceView::NewEvents() {
  Told told;
  const auto status = world_.store->Feed("acme").ReadAfter(
      sequence_, [&](v1::ChangeEvent event) {
        sequence_ = event.sequence();
        Event told_event;
        told_event.rules = {event.rule()};
        if (event.has_run_finished()) {
          told.runs.push_back(ResultOf(event.run_finished().run()));
          return true;
        }
        if (event.has_user_change()) {
          const v1::UserChange& change = event.user_change();
          told_event.number = NumberOf(change.user().name());
          told_event.kind = v1::UserChange::Kind_Name(change.kind());
          told_event.line =
              absl::StrCat(LineOf(change.user()), Left(change.left_groups()));
        } else if (event.has_user_purge()) {
          told_event.number = NumberOf(event.user_purge().name());
          told_event.kind = "PURGED";
          told_event.line = Left(event.user_purge().left_groups());
        } else if (event.has_group_change()) {
          told_event.of_group = true;
          told_event.number = NumberOf(event.group_change().name());
          told_event.kind = "CHANGED";
          told_event.line = FieldsOf(event.group_change());
        } else {
          told_event.of_group = true;
          told_event.number = NumberOf(event.group_delete().name());
          told_event.kind = "DELETED";
        }
        if (!told.runs.empty()) told.run_is_last = false;
        told.events.push_back(std::move(told_event));
        return true;
      });
  if (!status.ok()) std::cerr << status << std::endl;
  return told;
}

}  // namespace rollcall::model
