// Deletion of directories (A9): what a deleted one still is, and what it is
// not.
#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/manager_fixture.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;

class DeletionTest : public ManagerTest {
 protected:
  absl::StatusOr<v1::Directory> Delete(
      const std::string& id,
      v1::UserDisposition disposition = v1::USER_DISPOSITION_UNSPECIFIED,
      const std::string& etag = "", bool validate_only = false) {
    v1::DeleteDirectoryRequest request;
    request.set_name(absl::StrCat("accounts/acme/directories/", id));
    request.set_user_disposition(disposition);
    request.set_etag(etag);
    request.set_validate_only(validate_only);
    return manager_.Delete(request);
  }

  std::vector<std::string> List(bool show_deleted, int page_size = 50) {
    std::vector<std::string> ids;
    v1::ListDirectoriesRequest request;
    request.set_parent("accounts/acme");
    request.set_show_deleted(show_deleted);
    request.set_page_size(page_size);
    do {
      const auto page = manager_.List(request, false);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::Directory& directory : page->directories()) {
        ids.push_back(DirectoryName::Parse(directory.name())->id());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
};

TEST_F(DeletionTest, A9_ADeletedDirectoryIsShownAsSuch) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK(manager_.Update(SelectGroups(made.name(), 3)));
  clock_.AdvanceTime(absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(const v1::Directory deleted,
                       Delete("d1", v1::TRASH_USERS));
  EXPECT_EQ(deleted.state(), v1::Directory::DELETED);
  EXPECT_EQ(deleted.delete_time().seconds(), 1'760'003'600);
  EXPECT_EQ(deleted.user_disposition(), v1::TRASH_USERS);
  EXPECT_EQ(deleted.selected_groups_size(), 3);
  // Nobody needs to be asked about its connection any more.
  authorization_.set_reauthorization_required(true);
  ASSERT_OK_AND_ASSIGN(const v1::Directory got, Get("d1"));
  EXPECT_EQ(got.SerializeAsString(), deleted.SerializeAsString());
}

TEST_F(DeletionTest, A9_UsersAreKeptUnlessTheyAreToBeTrashed) {
  ASSERT_OK(Create("d1"));
  EXPECT_EQ(Get("d1")->user_disposition(), v1::USER_DISPOSITION_UNSPECIFIED);
  EXPECT_FALSE(Get("d1")->has_delete_time());
  ASSERT_OK_AND_ASSIGN(const v1::Directory deleted, Delete("d1"));
  EXPECT_EQ(deleted.user_disposition(), v1::KEEP_USERS);
  EXPECT_THAT(
      Delete("d1", static_cast<v1::UserDisposition>(7)),
      StatusIs(StatusCode::kInvalidArgument, "USER_DISPOSITION_INVALID"));
}

TEST_F(DeletionTest, A9_DeletingAgainChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK_AND_ASSIGN(const v1::Directory first,
                       Delete("d1", v1::KEEP_USERS, made.etag()));
  clock_.AdvanceTime(absl::Hours(1));
  // With an etag that is old by now, because the first answer was lost.
  ASSERT_OK_AND_ASSIGN(const v1::Directory again,
                       Delete("d1", v1::TRASH_USERS, made.etag()));
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
}

TEST_F(DeletionTest, OnlyWhatWasSeenIsDeleted) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK(manager_.Update(SelectGroups(made.name(), 1)));
  EXPECT_THAT(Delete("d1", v1::KEEP_USERS, made.etag()),
              StatusIs(StatusCode::kAborted, "ETAG_MISMATCH"));
  EXPECT_EQ(Get("d1")->state(), v1::Directory::CONNECTED);
  EXPECT_THAT(Delete("none"),
              StatusIs(StatusCode::kNotFound, "DIRECTORY_NOT_FOUND"));
}

TEST_F(DeletionTest, ValidateOnlyDeletesNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK_AND_ASSIGN(const v1::Directory shown,
                       Delete("d1", v1::TRASH_USERS, "", true));
  EXPECT_EQ(shown.state(), v1::Directory::DELETED);
  EXPECT_EQ(Get("d1")->SerializeAsString(), made.SerializeAsString());
}

TEST_F(DeletionTest, A9_ListsHideItUnlessAsked) {
  for (const char* id : {"d1", "d2", "d3", "d4"}) ASSERT_OK(Create(id));
  ASSERT_OK(Delete("d1"));
  ASSERT_OK(Delete("d3"));
  for (const int page_size : {1, 2, 50}) {
    EXPECT_THAT(List(false, page_size), ElementsAre("d2", "d4"));
    EXPECT_THAT(List(true, page_size), ElementsAre("d1", "d2", "d3", "d4"));
  }
}

TEST_F(DeletionTest, APageTokenIsForOneKindOfList) {
  for (const char* id : {"d1", "d2"}) ASSERT_OK(Create(id));
  v1::ListDirectoriesRequest request;
  request.set_parent("accounts/acme");
  request.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(const auto page, manager_.List(request, false));
  request.set_page_token(page.next_page_token());
  request.set_show_deleted(true);
  EXPECT_THAT(manager_.List(request, false),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(DeletionTest, A9_ItIsNeitherChangedNorCreatedAgain) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK(Delete("d1"));
  EXPECT_THAT(manager_.Update(SelectGroups(made.name(), 1)),
              StatusIs(StatusCode::kFailedPrecondition, "DIRECTORY_DELETED"));
  EXPECT_THAT(Create("d1"),
              StatusIs(StatusCode::kAlreadyExists, "DIRECTORY_EXISTS"));
}

}  // namespace
}  // namespace rollcall::directory
