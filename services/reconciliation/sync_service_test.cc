// The methods for a single user, for cancelling and for what is held, as a
// caller sees them.
#include <string>

#include "common/rpc/access_policy.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/run_desk.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/worker.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::testing::StatusIs;
using ::testing::IsEmpty;
using ::testing::SizeIs;

rpc::Edge MakeEdge() {
  return rpc::Edge(*rpc::AccessPolicy::ForServices(
                       {"rollcall.reconciliation.v1.ReconciliationService"}),
                   "test", "reconciliation.rollcall");
}

class SyncServiceTest : public ::testing::Test {
 protected:
  SyncServiceTest() {
    world.tenant().AddGroup(1, "Sales");
    for (int n = 10; n < 20; ++n) {
      world.tenant().AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
    }
    world.Sync();
    world.directory_service.read_seconds += 100;
  }

  v1::SyncUserRequest ByKey(const std::string& key, const std::string& upn) {
    v1::SyncUserRequest request;
    request.set_parent("accounts/acme");
    request.set_directory_key(key);
    request.set_user_principal_name(upn);
    return request;
  }

  World world;
  ReconciliationServiceImpl service{{.store = *world.store,
                                     .directory = world.directory_service,
                                     .board = world.board,
                                     .clock = world.clock,
                                     .make_id = world.Options().make_id,
                                     .on_run_started = [] {}},
                                    MakeEdge()};
  RunDesk desk;
  RunWorker worker{world.Options(), desk};
};

TEST_F(SyncServiceTest, R81_AKeyAndANameAreEnough) {
  world.tenant().UserAt(10).set_email("new@a.test");
  ASSERT_OK_AND_ASSIGN(const v1::SyncUserResponse response,
                       service.SyncUser(ByKey("key-of-d1", "u10@a.test")));
  EXPECT_EQ(response.outcome(), v1::SyncUserResponse::UPDATED);
  EXPECT_EQ(response.user().email(), "new@a.test");
  EXPECT_THAT(service.SyncUser(ByKey("key-of-d9", "u10@a.test")),
              StatusIs(absl::StatusCode::kNotFound, "DIRECTORY_KEY_UNKNOWN"));
  EXPECT_THAT(service.SyncUser(ByKey("", "u10@a.test")),
              StatusIs(absl::StatusCode::kNotFound, "DIRECTORY_KEY_UNKNOWN"));
  // The key identifies within the account that the caller may act for.
  v1::SyncUserRequest elsewhere = ByKey("key-of-d1", "u10@a.test");
  elsewhere.set_parent("accounts/other");
  EXPECT_THAT(service.SyncUser(elsewhere),
              StatusIs(absl::StatusCode::kNotFound, "DIRECTORY_KEY_UNKNOWN"));
}

TEST_F(SyncServiceTest, R22_TheDirectoryAndTheUserMustBeOfTheAccount) {
  v1::SyncUserRequest request;
  request.set_parent("accounts/acme");
  request.set_directory("accounts/other/directories/d1");
  request.set_user_principal_name("u10@a.test");
  EXPECT_THAT(service.SyncUser(request),
              StatusIs(absl::StatusCode::kInvalidArgument, "PARENT_MISMATCH"));
  request.set_directory("accounts/acme/directories/d1");
  request.set_user("accounts/other/users/u1");
  EXPECT_THAT(service.SyncUser(request),
              StatusIs(absl::StatusCode::kInvalidArgument, "PARENT_MISMATCH"));
}

TEST_F(SyncServiceTest, R73_AUserOfOursIsSyncedByItsName) {
  world.tenant().UserAt(10).set_email("new@a.test");
  v1::SyncUserRequest request;
  request.set_parent("accounts/acme");
  request.set_directory("accounts/acme/directories/d1");
  request.set_user("accounts/acme/users/" + world.user("u10@a.test").id);
  ASSERT_OK_AND_ASSIGN(const v1::SyncUserResponse response,
                       service.SyncUser(request));
  EXPECT_EQ(response.outcome(), v1::SyncUserResponse::UPDATED);
  request.set_user("accounts/acme/users/unknown");
  EXPECT_THAT(service.SyncUser(request),
              StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(SyncServiceTest, R79_WithoutADomainItIsRefused) {
  EXPECT_THAT(service.SyncUser(ByKey("key-of-d1", "u10")),
              StatusIs(absl::StatusCode::kInvalidArgument, "UPN_INVALID"));
}

TEST_F(SyncServiceTest, B2_WhatIsHeldIsShownAndApproved) {
  for (int n = 10; n < 16; ++n) world.tenant().RemoveUser(n);
  world.Sync();
  v1::ListHeldBatchesRequest list;
  list.set_parent("accounts/acme/directories/d1");
  ASSERT_OK_AND_ASSIGN(const auto batches, service.ListHeldBatches(list));
  ASSERT_THAT(batches.held_batches(), SizeIs(1));
  const std::string name = batches.held_batches(0).name();
  v1::ListHeldChangesRequest changes;
  changes.set_parent(name);
  changes.set_page_size(4);
  ASSERT_OK_AND_ASSIGN(const auto first, service.ListHeldChanges(changes));
  ASSERT_THAT(first.held_changes(), SizeIs(4));
  EXPECT_EQ(first.held_changes(0).username(), "u10@a.test");
  changes.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto second, service.ListHeldChanges(changes));
  EXPECT_THAT(second.held_changes(), SizeIs(2));
  EXPECT_THAT(second.next_page_token(), IsEmpty());

  v1::ApproveHeldBatchRequest approve;
  approve.set_name(name);
  ASSERT_OK_AND_ASSIGN(const v1::Run run,
                       service.ApproveHeldBatch(approve, "spiffe://test/o"));
  ASSERT_OK(worker.RunOnce(world.clock.TimeNow()));
  v1::GetHeldBatchRequest get;
  get.set_name(name);
  ASSERT_OK_AND_ASSIGN(const v1::HeldBatch batch, service.GetHeldBatch(get));
  EXPECT_EQ(batch.state(), v1::HeldBatch::APPLIED);
  EXPECT_EQ(batch.approver(), "spiffe://test/o");
  EXPECT_EQ(batch.approved_run(), run.name());
  EXPECT_TRUE(world.user("u10@a.test").pending_deletion());
  approve.set_name("accounts/acme/directories/d1/heldBatches/none");
  EXPECT_THAT(service.ApproveHeldBatch(approve, "o"),
              StatusIs(absl::StatusCode::kNotFound, "BATCH_NOT_FOUND"));
}

TEST_F(SyncServiceTest, B2_A7_NobodyIsRemovedForAGroupThatHasVanishedSince) {
  for (int n = 10; n < 16; ++n) world.tenant().RemoveUser(n);
  world.Sync();
  world.tenant().groups.at(SourceId(1)).set_missing(true);
  v1::ListHeldBatchesRequest list;
  list.set_parent("accounts/acme/directories/d1");
  ASSERT_OK_AND_ASSIGN(const auto batches, service.ListHeldBatches(list));
  ASSERT_THAT(batches.held_batches(), SizeIs(1));
  v1::ApproveHeldBatchRequest approve;
  approve.set_name(batches.held_batches(0).name());
  ASSERT_OK_AND_ASSIGN(const v1::Run run,
                       service.ApproveHeldBatch(approve, "spiffe://test/o"));
  ASSERT_OK(worker.RunOnce(world.clock.TimeNow()));
  const RunName name = *RunName::Parse(run.name());
  EXPECT_EQ(world.Find(name).counters().users_kept(), 6);
  EXPECT_FALSE(world.user("u10@a.test").pending_deletion());
}

TEST_F(SyncServiceTest, R66_ARunIsCancelledByItsName) {
  const RunName name = world.Start();
  v1::CancelRunRequest cancel;
  cancel.set_name(name.ToString());
  ASSERT_OK(service.CancelRun(cancel));
  ASSERT_OK(worker.RunOnce(world.clock.TimeNow()));
  EXPECT_EQ(world.Find(name).state(), v1::Run::CANCELLED);
  ASSERT_OK_AND_ASSIGN(const v1::Run again, service.CancelRun(cancel));
  EXPECT_EQ(again.state(), v1::Run::CANCELLED);
  cancel.set_name("accounts/acme/directories/d1/runs/none");
  EXPECT_THAT(service.CancelRun(cancel),
              StatusIs(absl::StatusCode::kNotFound, "RUN_NOT_FOUND"));
}

}  // namespace
}  // namespace rollcall::reconciliation
