// Directories as callers configure and see them.
#include "services/directory/manager.h"

#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/manager_fixture.h"
#include "services/directory/source_id.h"
#include "services/directory/store.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;

TEST_F(ManagerTest, R14_ADirectoryIsCreatedWithEverythingOff) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  EXPECT_EQ(made.name(), "accounts/acme/directories/d1");
  EXPECT_FALSE(made.enrollment_mail_enabled());
  EXPECT_FALSE(made.phone_import_enabled());
  EXPECT_EQ(made.state(), v1::Directory::SETUP_INCOMPLETE);
  EXPECT_NE(made.directory_key(), "");
  EXPECT_EQ(made.create_time().seconds(), 1'760'000'000);
  ASSERT_OK_AND_ASSIGN(const v1::Directory got, Get("d1"));
  EXPECT_EQ(got.SerializeAsString(), made.SerializeAsString());
}

TEST_F(ManagerTest, B2_B6_WhatIsNotConfiguredIsToldAsItIs) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  EXPECT_EQ(made.polling_interval().seconds(), 300);
  for (const v1::GuardLimit& limit :
       {made.guard_limits().removed(), made.guard_limits().disabled(),
        made.guard_limits().groups_emptied(), made.guard_limits().merged(),
        made.guard_limits().emails_cleared()}) {
    EXPECT_EQ(limit.percent(), 10);
    EXPECT_EQ(limit.count(), 5);
  }
  EXPECT_EQ(made.guest_policy(), v1::Directory::IMPORT);  // A23

  // Sent back as it is, it changes nothing.
  v1::UpdateDirectoryRequest request;
  *request.mutable_directory() = made;
  ASSERT_OK_AND_ASSIGN(const v1::Directory same, manager_.Update(request));
  EXPECT_EQ(same.SerializeAsString(), made.SerializeAsString());
}

TEST_F(ManagerTest, A3_RenamesAreHeldUnlessTheyAreToBeFollowed) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  EXPECT_EQ(made.rename_policy(), v1::Directory::HOLD);
  v1::UpdateDirectoryRequest request;
  request.mutable_directory()->set_name(made.name());
  request.mutable_directory()->set_rename_policy(v1::Directory::FOLLOW);
  ASSERT_OK_AND_ASSIGN(v1::Directory updated, manager_.Update(request));
  EXPECT_EQ(updated.rename_policy(), v1::Directory::FOLLOW);
  EXPECT_EQ(Get("d1")->rename_policy(), v1::Directory::FOLLOW);
  request.mutable_update_mask()->add_paths("rename_policy");
  request.mutable_directory()->set_rename_policy(v1::Directory::HOLD);
  ASSERT_OK_AND_ASSIGN(updated, manager_.Update(request));
  EXPECT_EQ(updated.rename_policy(), v1::Directory::HOLD);
  request.mutable_directory()->set_rename_policy(
      static_cast<v1::Directory::RenamePolicy>(7));
  EXPECT_THAT(
      manager_.Update(request),
      StatusIs(absl::StatusCode::kInvalidArgument, "RENAME_POLICY_INVALID"));
}

TEST_F(ManagerTest, B2_B6_IntervalsAndLimitsAreKept) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  v1::UpdateDirectoryRequest request;
  v1::Directory& update = *request.mutable_directory();
  update.set_name(made.name());
  update.mutable_polling_interval()->set_seconds(90);
  update.mutable_polling_interval()->set_nanos(500'000'000);
  update.mutable_guard_limits()->mutable_removed()->set_percent(1);
  ASSERT_OK(manager_.Update(request));
  ASSERT_OK_AND_ASSIGN(const v1::Directory got, Get("d1"));
  EXPECT_EQ(got.polling_interval().seconds(), 90);
  EXPECT_EQ(got.polling_interval().nanos(), 500'000'000);
  EXPECT_EQ(got.guard_limits().removed().percent(), 1);
  EXPECT_EQ(got.guard_limits().removed().count(), 0);
  EXPECT_EQ(got.guard_limits().merged().percent(), 10);

  update.mutable_polling_interval()->set_seconds(59);
  EXPECT_THAT(manager_.Update(request), StatusIs(StatusCode::kInvalidArgument,
                                                 "POLLING_INTERVAL_INVALID"));
  // No duration at all.
  update.mutable_polling_interval()->set_seconds(600);
  update.mutable_polling_interval()->set_nanos(-1);
  EXPECT_THAT(manager_.Update(request), StatusIs(StatusCode::kInvalidArgument,
                                                 "POLLING_INTERVAL_INVALID"));
  EXPECT_EQ(Get("d1")->etag(), got.etag());
}

TEST_F(ManagerTest, R5_NoDirectoryBeforeAuthorization) {
  EXPECT_THAT(
      Create("d1", "accounts/acme/connections/other"),
      StatusIs(StatusCode::kFailedPrecondition, "CONNECTION_NOT_FOUND"));
  authorization_.set_reauthorization_required(true);
  EXPECT_THAT(Create("d1"), StatusIs(StatusCode::kFailedPrecondition,
                                     "REAUTHORIZATION_REQUIRED"));
  EXPECT_THAT(Get("d1"),
              StatusIs(StatusCode::kNotFound, "DIRECTORY_NOT_FOUND"));
}

TEST_F(ManagerTest, ConnectionsOfOtherAccountsAreRefused) {
  EXPECT_THAT(
      Create("d1", "accounts/other/connections/c1"),
      StatusIs(StatusCode::kInvalidArgument, "CONNECTION_OF_ANOTHER_ACCOUNT"));
}

TEST_F(ManagerTest, ATakenIdIsRefusedAndAnEmptyOneIsChosen) {
  ASSERT_OK(Create("d1"));
  EXPECT_THAT(Create("d1"),
              StatusIs(StatusCode::kAlreadyExists, "DIRECTORY_EXISTS"));
  EXPECT_THAT(Create("D1"), StatusIs(StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const v1::Directory chosen, Create(""));
  EXPECT_NE(chosen.name(), "accounts/acme/directories/");
}

TEST_F(ManagerTest, R17_400GroupsSaveAnd401SaveNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  auto request = SelectGroups(made.name(), 400);
  ASSERT_OK_AND_ASSIGN(const v1::Directory full, manager_.Update(request));
  EXPECT_EQ(full.selected_groups_size(), 400);
  EXPECT_EQ(full.state(), v1::Directory::CONNECTED);  // R7

  request = SelectGroups(made.name(), 401);
  request.mutable_directory()->set_display_name("Must not be saved");
  EXPECT_THAT(manager_.Update(request),
              StatusIs(StatusCode::kInvalidArgument, "TOO_MANY_GROUPS"));
  ASSERT_OK_AND_ASSIGN(const v1::Directory after, Get("d1"));
  EXPECT_EQ(after.SerializeAsString(), full.SerializeAsString());
}

TEST_F(ManagerTest, AnUpdateOfSomethingOldIsAborted) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  auto request = SelectGroups(made.name(), 1);
  request.mutable_directory()->set_etag(made.etag());
  ASSERT_OK_AND_ASSIGN(const v1::Directory updated, manager_.Update(request));
  EXPECT_NE(updated.etag(), made.etag());
  request = SelectGroups(made.name(), 2);
  request.mutable_directory()->set_etag(made.etag());
  EXPECT_THAT(manager_.Update(request),
              StatusIs(StatusCode::kAborted, "ETAG_MISMATCH"));
}

TEST_F(ManagerTest, ValidateOnlyChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  auto request = SelectGroups(made.name(), 3);
  request.set_validate_only(true);
  ASSERT_OK_AND_ASSIGN(const v1::Directory shown, manager_.Update(request));
  EXPECT_EQ(shown.selected_groups_size(), 3);
  EXPECT_EQ(Get("d1")->selected_groups_size(), 0);
  request = SelectGroups(made.name(), 401);
  request.set_validate_only(true);
  EXPECT_THAT(manager_.Update(request),
              StatusIs(StatusCode::kInvalidArgument, "TOO_MANY_GROUPS"));
}

TEST_F(ManagerTest, ValidateOnlyCreatesNothing) {
  v1::CreateDirectoryRequest request;
  request.set_parent("accounts/acme");
  request.set_directory_id("d1");
  request.mutable_directory()->set_display_name("Head office");
  request.mutable_directory()->set_connection(kConnection);
  request.set_validate_only(true);
  ASSERT_OK_AND_ASSIGN(const v1::Directory shown, manager_.Create(request));
  EXPECT_EQ(shown.name(), "accounts/acme/directories/d1");
  EXPECT_THAT(Get("d1"), StatusIs(StatusCode::kNotFound));
  ASSERT_OK(Create("d1"));
  EXPECT_THAT(manager_.Create(request),
              StatusIs(StatusCode::kAlreadyExists, "DIRECTORY_EXISTS"));
}

TEST_F(ManagerTest, WrongFieldsAreNamed) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  v1::UpdateDirectoryRequest request;
  request.mutable_directory()->set_name(made.name());
  request.mutable_directory()->set_default_region_code("XX");
  EXPECT_THAT(manager_.Update(request),
              StatusIs(StatusCode::kInvalidArgument, "REGION_INVALID"));
  request.mutable_directory()->set_default_region_code("GB");
  EXPECT_OK(manager_.Update(request));
  request.mutable_directory()->add_selected_groups()->set_source_id("Sales");
  EXPECT_THAT(manager_.Update(request),
              StatusIs(StatusCode::kInvalidArgument, "SOURCE_ID_INVALID"));
}

TEST_F(ManagerTest, R8_TheStateFollowsTheConnection) {
  ASSERT_OK(Create("d1"));
  authorization_.set_reauthorization_required(true);
  EXPECT_EQ(Get("d1")->state(), v1::Directory::REAUTHORIZATION_REQUIRED);
  // What was told last holds while nobody answers.
  authorization_.set_down(true);
  EXPECT_EQ(Get("d1")->state(), v1::Directory::REAUTHORIZATION_REQUIRED);
  authorization_.set_down(false);
  authorization_.set_reauthorization_required(false);
  EXPECT_EQ(Get("d1")->state(), v1::Directory::SETUP_INCOMPLETE);  // R11
}

TEST_F(ManagerTest, R19_WhatAReadLearnsIsNotLostToALookAtTheSameTime) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK(manager_.Update(SelectGroups(made.name(), 1)));
  authorization_.set_reauthorization_required(true);
  authorization_.set_on_look_up([&] {
    ASSERT_OK(DirectoryStore(*store_).ChangeFacts(
        *DirectoryName::Parse(made.name()), [](store::StoredFacts& facts) {
          store::StoredFacts::Group& group = *facts.add_groups();
          group.set_source_id(SourceId(1, 0).Bytes());
          group.set_missing(true);
        }));
  });
  ASSERT_OK_AND_ASSIGN(const v1::Directory got, Get("d1"));
  EXPECT_EQ(got.state(), v1::Directory::REAUTHORIZATION_REQUIRED);
  authorization_.set_reauthorization_required(false);
  EXPECT_EQ(Get("d1")->state(), v1::Directory::NEEDS_ATTENTION);
}

TEST_F(ManagerTest, R15_SeveralDirectoriesAreListedInPages) {
  for (const char* id : {"d3", "d1", "d2"}) ASSERT_OK(Create(id));
  v1::ListDirectoriesRequest request;
  std::vector<std::string> names;
  for (const char* parent : {"accounts/acme", "accounts/-"}) {
    names.clear();
    request.Clear();
    request.set_parent(parent);
    request.set_page_size(2);
    do {
      ASSERT_OK_AND_ASSIGN(const v1::ListDirectoriesResponse page,
                           manager_.List(request, true));
      EXPECT_LE(page.directories_size(), 2);
      for (const auto& directory : page.directories()) {
        names.push_back(directory.name());
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_THAT(names, ElementsAre("accounts/acme/directories/d1",
                                   "accounts/acme/directories/d2",
                                   "accounts/acme/directories/d3"))
        << parent;
  }
}

TEST_F(ManagerTest, AllAccountsAreListedForServicesOnly) {
  FakeAuthorization others("accounts/beta/connections/c1", "https://graph.test",
                           "tenant");
  DirectoryManager beta(*store_, others, graph_, clock_);
  v1::CreateDirectoryRequest create;
  create.set_parent("accounts/beta");
  create.set_directory_id("b1");
  create.mutable_directory()->set_display_name("Branch");
  create.mutable_directory()->set_connection("accounts/beta/connections/c1");
  ASSERT_OK(beta.Create(create));
  ASSERT_OK(Create("d1"));
  v1::ListDirectoriesRequest request;
  request.set_parent("accounts/-");
  request.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(v1::ListDirectoriesResponse page,
                       manager_.List(request, true));
  EXPECT_EQ(page.directories(0).name(), "accounts/acme/directories/d1");
  request.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, manager_.List(request, true));
  EXPECT_EQ(page.directories(0).name(), "accounts/beta/directories/b1");
  EXPECT_EQ(page.next_page_token(), "");
  request.clear_page_token();
  EXPECT_THAT(manager_.List(request, false),
              StatusIs(StatusCode::kPermissionDenied, "SERVICES_ONLY"));
}

}  // namespace
}  // namespace rollcall::directory
