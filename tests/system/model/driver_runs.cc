// The half of Driver that has runs made.
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/single_sync.h"
#include "services/reconciliation/world.h"
#include "tests/system/model/driver.h"

namespace rollcall::model {
namespace {

namespace v1 = reconciliation::v1;

constexpr char kOwner[] = "spiffe://test.rollcall/account/acme/role/owner/ada";
constexpr int kMany = 1000;

std::string NameOf(const std::string& directory) {
  return absl::StrCat("accounts/acme/directories/", directory);
}

}  // namespace

std::string Driver::Carry(const RunName& run) {
  return Call([&] { return world_->Carry(run); });
}

std::string Driver::FullSync(const std::string& directory) {
  return Carry(world_->Start(directory));
}

std::string Driver::SyncChanges(const std::string& directory) {
  return Carry(world_->Start(directory, v1::Run::CHANGES));
}

std::string Driver::SyncUser(const std::string& directory,
                             const std::string& upn) {
  const DirectoryName name(AccountName("acme"), directory);
  std::string outcome;
  const std::string answer = Call([&]() -> absl::Status {
    auto configured = world_->directory_service.GetDirectory(name);
    if (!configured.ok()) return configured.status();
    auto response = reconciliation::SingleSync(world_->Options())
                        .Sync(*configured, {.user_principal_name = upn});
    if (!response.ok()) return response.status();
    outcome = v1::SyncUserResponse::Outcome_Name(response->outcome());
    return absl::OkStatus();
  });
  return answer == "OK" ? outcome : answer;
}

// Whoever approves looks at the batch first, and says what was seen there.
std::string Driver::Approve(const std::string& directory,
                            const std::string& danger, int64_t change_count) {
  v1::ListHeldBatchesRequest listing;
  listing.set_parent(NameOf(directory));
  listing.set_page_size(kMany);
  auto batches = runs_->ListHeldBatches(listing);
  if (!batches.ok()) return ReasonOf(batches.status());
  for (const v1::HeldBatch& batch : batches->held_batches()) {
    const bool is_meant = batch.state() == v1::HeldBatch::HELD &&
                          v1::HeldBatch::Danger_Name(batch.danger()) == danger;
    if (!is_meant) continue;
    v1::ApproveHeldBatchRequest request;
    request.set_name(batch.name());
    request.set_change_count(change_count);
    return CarryStarted(runs_->ApproveHeldBatch(request, kOwner));
  }
  return "BATCH_NOT_HELD";
}

std::string Driver::Revert(const std::string& run) {
  v1::RevertRunRequest request;
  request.set_name(run);
  return CarryStarted(runs_->RevertRun(request));
}

std::string Driver::Plan(const std::string& directory) {
  const RunName plan = world_->StartPlan(directory);
  plans_[directory] = plan.ToString();
  return Carry(plan);
}

RunResult Driver::Planned(const std::string& directory) {
  return view_->ResultOf(world_->Find(*RunName::Parse(plans_.at(directory))));
}

std::string Driver::ApplyPlan(const std::string& directory) {
  v1::ApplyPlanRequest request;
  request.set_name(plans_.at(directory));
  auto run = runs_->ApplyPlan(request);
  const std::string answer = CarryStarted(run);
  if (answer != "OK") return answer;
  const v1::Run ended = world_->Find(*RunName::Parse(run->name()));
  return ended.state() == v1::Run::FAILED ? ended.problems(0).reason() : "OK";
}

std::string Driver::CarryStarted(const absl::StatusOr<v1::Run>& run) {
  if (!run.ok()) return ReasonOf(run.status());
  return Carry(*RunName::Parse(run->name()));
}

}  // namespace rollcall::model
