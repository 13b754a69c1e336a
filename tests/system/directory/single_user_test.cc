// Reads of single users of a local Entra: scope, paths and proof.
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/system/directory/follower.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SingleUserTest : public ChangesTest {
 protected:
  absl::StatusOr<v1::ReadSourceUserResponse> ReadByName(
      const std::string& name) {
    v1::ReadSourceUserRequest request;
    request.set_name("accounts/acme/directories/d1");
    request.set_user_principal_name(name);
    return world_.keeper().ReadSourceUser(request, [] { return false; });
  }

  absl::StatusOr<v1::ReadSourceUserResponse> ReadById(const std::string& id) {
    v1::ReadSourceUserRequest request;
    request.set_name("accounts/acme/directories/d1");
    request.set_source_id(id);
    return world_.keeper().ReadSourceUser(request, [] { return false; });
  }

  std::string NameOf(const std::string& id) {
    return tenant().FindUser(id)->user_principal_name;
  }

  static std::vector<std::string> Names(const v1::MembershipPath& path) {
    std::vector<std::string> names;
    for (const auto& step : path.groups()) {
      names.push_back(step.display_name());
    }
    return names;
  }
};

TEST_F(SingleUserTest, R34_B3_TheWholeNameFindsUserScopeAndPaths) {
  options_.set_username_normalization_enabled(true);
  Begin();
  const std::string inner = AddGroup("Inner");
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember(inner, ada));
  EXPECT_OK(tenant().AddMember("Sales", inner));
  EXPECT_OK(tenant().AddMember("Finance", ada));
  Round();
  const int64_t before = world_.emulator().request_count();
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse read,
                       ReadByName(absl::AsciiStrToUpper(NameOf(ada))));
  EXPECT_LE(world_.emulator().request_count() - before, 5);
  EXPECT_TRUE(read.found());
  EXPECT_TRUE(read.in_scope());
  EXPECT_TRUE(read.complete());
  EXPECT_EQ(read.user().source_id(), ada);
  EXPECT_EQ(read.user().username(), "ada");
  EXPECT_THAT(read.user().group_source_ids(), SizeIs(2));
  ASSERT_THAT(read.paths(), SizeIs(2));
  for (const v1::MembershipPath& path : read.paths()) {
    if (path.groups(0).display_name() == "Sales") {
      EXPECT_THAT(Names(path), ElementsAre("Sales", "Inner"));
    } else {
      EXPECT_THAT(Names(path), ElementsAre("Finance"));
    }
  }
  EXPECT_EQ(read.tenant_id(), world_.emulator().tenant_id());
}

TEST_F(SingleUserTest, B3_WhoIsInNoSelectedGroupIsFoundOutOfScope) {
  Begin();
  const std::string ada = AddUser("ada");
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse read, ReadById(ada));
  EXPECT_TRUE(read.found());
  EXPECT_FALSE(read.in_scope());
  EXPECT_TRUE(read.complete());
  EXPECT_THAT(read.paths(), IsEmpty());
}

TEST_F(SingleUserTest, B3_WhoIsDeletedIsAnAnswerAndNotAnError) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().DeleteUser(ada));
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse read, ReadById(ada));
  EXPECT_FALSE(read.found());
  EXPECT_FALSE(read.has_user());
  EXPECT_TRUE(read.complete());
}

// The tenant has the user in its lists, and for a while not by its id.
TEST_F(SingleUserTest, B3_Section3_2_A404IsNoProofUntilTheTenantTellsIt) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  Round();
  const int64_t fault =
      world_.emulator().faults().Add({.kind = entra::FaultKind::kStatus,
                                      .path = absl::StrCat("/users/", ada),
                                      .status = 404,
                                      .code = "Request_ResourceNotFound"});
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse lost, ReadById(ada));
  EXPECT_FALSE(lost.found());
  EXPECT_FALSE(lost.complete());
  EXPECT_THAT(lost.incomplete_reasons(), SizeIs(1));

  EXPECT_OK(tenant().PurgeUser(ada));
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse untold, ReadById(ada));
  EXPECT_FALSE(untold.complete());
  EXPECT_THAT(Round().gone, SizeIs(1));
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse told, ReadById(ada));
  EXPECT_FALSE(told.found());
  EXPECT_TRUE(told.complete());
  world_.emulator().faults().Remove(fault);
}

TEST_F(SingleUserTest, B3_BeforeTheFirstReadNobodyIsKnownToBeGone) {
  world_.Configure(kDepartments);
  const std::string ada = AddUser("ada");
  const std::string eve = AddUser("eve");
  EXPECT_OK(tenant().PurgeUser(ada));
  EXPECT_OK(tenant().DeleteUser(eve));
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse lost, ReadById(ada));
  EXPECT_FALSE(lost.complete());
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse gone, ReadById(eve));
  EXPECT_TRUE(gone.complete());
}

TEST_F(SingleUserTest, A7_AVanishedGroupLeavesAbsenceUnproved) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  EXPECT_OK(tenant().DeleteGroup("Finance"));
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse read, ReadById(ada));
  EXPECT_TRUE(read.in_scope());
  EXPECT_FALSE(read.complete());
  EXPECT_THAT(read.incomplete_reasons(), SizeIs(1));
}

TEST_F(SingleUserTest, A23_AnExcludedGuestIsNotInScope) {
  options_.set_guest_policy(v1::Directory::EXCLUDE);
  Begin();
  const std::string ada = AddUser("ada");
  entra::UserFields guest;
  guest.guest = true;
  EXPECT_OK(tenant().UpdateUser(ada, guest));
  EXPECT_OK(tenant().AddMember("Sales", ada));
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse read, ReadById(ada));
  EXPECT_TRUE(read.found());
  EXPECT_FALSE(read.in_scope());
  EXPECT_TRUE(read.user().guest());
}

TEST_F(SingleUserTest, R79_WithoutADomainItCannotMatch) {
  Begin();
  EXPECT_THAT(ReadByName("ada"),
              StatusIs(StatusCode::kInvalidArgument, "UPN_INVALID"));
  EXPECT_THAT(ReadById("ada"),
              StatusIs(StatusCode::kInvalidArgument, "SOURCE_ID_INVALID"));
}

TEST_F(SingleUserTest, ReadingOneUserLeavesTheMirrorAsItWas) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  ASSERT_OK(ReadById(ada));
  EXPECT_THAT(Round().users, SizeIs(1));  // Told by the round, as before.
}

}  // namespace
}  // namespace rollcall::directory
