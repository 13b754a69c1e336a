// What people do to users and groups, beside a directory that manages some.
#include "services/reconciliation/user_writer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/group_writer.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/user_view.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kOwner[] = "spiffe://test.rollcall/account/acme/role/owner/ada";
constexpr char kDirectory[] = "accounts/acme/directories/d1";
constexpr char kRequest[] = "6b1f8a52-0c1d-4e53-9a57-2f7a0e7f3c11";
constexpr auto kRefused = absl::StatusCode::kFailedPrecondition;

// Ada and Ben are managed and in Sales; Cy is manual and in Crew.
class UserWriterTest : public ::testing::Test {
 protected:
  UserWriterTest() {
    world.tenant().AddGroup(1, "Sales");
    world.tenant().AddUser(10, "ada@a.test", {1});
    world.tenant().AddUser(11, "ben@a.test", {1});
    world.Sync();
    crew = *groups.Create(NewGroup("Crew"), kOwner);
    cy = *users.Create(NewUser("Cy"), kOwner);
    v1::AddGroupMemberRequest join;
    join.set_parent(crew.name());
    join.set_user(cy.name());
    cy = *groups.AddMember(join, kOwner);
    world.clock.AdvanceTime(absl::Minutes(1));
  }
  ~UserWriterTest() override {
    EXPECT_OK(CheckInvariants(*world.store, "acme"));
  }

  v1::CreateUserRequest NewUser(const std::string& username) {
    v1::CreateUserRequest request;
    request.set_parent("accounts/acme");
    request.mutable_user()->set_username(username);
    return request;
  }
  v1::CreateGroupRequest NewGroup(const std::string& name) {
    v1::CreateGroupRequest request;
    request.set_parent("accounts/acme");
    request.mutable_group()->set_display_name(name);
    return request;
  }
  std::string NameOf(const std::string& username) {
    return "accounts/acme/users/" + world.user(username).id;
  }
  v1::User Get(const std::string& username) {
    return *ShowUser(world.user(username), "acme",
                     world.store->Identities("acme"));
  }
  // An update of one user, to be filled in.
  v1::UpdateUserRequest Change(const std::string& username,
                               const std::vector<std::string>& mask) {
    v1::UpdateUserRequest request;
    request.mutable_user()->set_name(NameOf(username));
    for (const std::string& path : mask) {
      request.mutable_update_mask()->add_paths(path);
    }
    return request;
  }
  absl::StatusOr<v1::User> SetState(const std::string& username,
                                    v1::User::State state) {
    v1::SetUserStateRequest request;
    request.set_name(NameOf(username));
    request.set_state(state);
    return users.SetState(request, kOwner);
  }
  absl::Status Delete(const std::string& name) {
    v1::DeleteUserRequest request;
    request.set_name(name);
    return users.Delete(request, kOwner).status();
  }
  absl::Status DeleteGroup(const std::string& name, bool force) {
    v1::DeleteGroupRequest request;
    request.set_name(name);
    request.set_force(force);
    return groups.Delete(request, kOwner).status();
  }
  // Expects the call to be refused and nothing to be written.
  template <typename Call>
  absl::Status Refused(Call call) {
    const std::vector<std::string> before = world.Dump();
    const absl::Status status = call().status();
    EXPECT_EQ(world.Dump(), before);
    return status;
  }

  std::string MakeId() { return "new" + std::to_string(++ids_); }

  World world;
  int ids_ = 0;
  UserWriter users{{.store = *world.store,
                    .directory = world.directory_service,
                    .clock = world.clock,
                    .make_id = [this] { return MakeId(); }}};
  GroupWriter groups{*world.store, world.clock, [this] { return MakeId(); }};
  v1::Group crew;
  v1::User cy;
};

TEST_F(UserWriterTest, AManualUserIsCreatedChangedAndDeleted) {
  EXPECT_EQ(cy.username(), "cy");  // R37
  EXPECT_EQ(cy.state(), v1::User::ACTIVE);
  EXPECT_THAT(cy.managed_by(), IsEmpty());
  EXPECT_THAT(cy.groups(), ElementsAre(crew.name()));
  const v1::ChangeEvent created = world.Events()[world.Events().size() - 2];
  EXPECT_EQ(created.user_change().kind(), v1::UserChange::CREATED);
  EXPECT_EQ(created.actor(), kOwner);
  EXPECT_THAT(Refused([&] { return users.Create(NewUser("CY"), kOwner); }),
              StatusIs(absl::StatusCode::kAlreadyExists, "USERNAME_TAKEN"));

  auto change = Change("cy", {"username", "phones", "note"});
  change.mutable_user()->set_username("cyrus");
  change.mutable_user()->add_phones()->set_number("+44 0161 715 0105");
  change.mutable_user()->add_phones()->set_number("+4401617150105");
  change.mutable_user()->set_email("ignored@a.test");  // Not in the mask.
  ASSERT_OK_AND_ASSIGN(const v1::User cyrus, users.Update(change, kOwner));
  EXPECT_EQ(cyrus.username(), "cyrus");
  EXPECT_EQ(cyrus.email(), "");
  EXPECT_THAT(cyrus.phones(), SizeIs(1));  // R42
  EXPECT_EQ(world.Events().back().user_change().user().username(), "cyrus");

  EXPECT_OK(Delete(cyrus.name()));
  EXPECT_EQ(world.Events().back().user_purge().name(), cyrus.name());
  EXPECT_EQ(world.group("Crew").member_count, 0);
  EXPECT_THAT(Delete(cyrus.name()),
              StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST_F(UserWriterTest, R64_AnIdIsNeverUsedTwice) {
  EXPECT_OK(Delete(cy.name()));
  ASSERT_OK_AND_ASSIGN(const v1::User again,
                       users.Create(NewUser("cy"), kOwner));
  EXPECT_NE(again.name(), cy.name());
  // Nor is one that is in use, if it should be drawn.
  ids_ -= 1;
  ASSERT_OK_AND_ASSIGN(const v1::User dee,
                       users.Create(NewUser("dee"), kOwner));
  EXPECT_NE(dee.name(), again.name());
}

TEST_F(UserWriterTest, R95_R98_ARefusalNamesDirectoryAndFieldAndWritesNothing) {
  auto change = Change("ada@a.test", {"note", "email", "groups"});
  change.mutable_user()->set_note("new");
  const absl::Status status =
      Refused([&] { return users.Update(change, kOwner); });
  EXPECT_THAT(status, StatusIs(kRefused, "FIELD_MANAGED"));
  EXPECT_THAT(FactsOf(status), Contains(Pair("directory", kDirectory)));
  EXPECT_THAT(FactsOf(status), Contains(Pair("field", "email, groups")));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(kDirectory));
}

TEST_F(UserWriterTest, R96_PhonesAreTheDirectorysOnlyWhileItImportsThem) {
  auto change = Change("ada@a.test", {"phones"});
  change.mutable_user()->add_phones()->set_number("+14255550100");
  world.tenant().phone_import = true;
  const absl::Status status =
      Refused([&] { return users.Update(change, kOwner); });
  EXPECT_THAT(status, StatusIs(kRefused, "FIELD_MANAGED"));
  EXPECT_THAT(FactsOf(status), Contains(Pair("field", "phones")));
  world.tenant().phone_import = false;
  ASSERT_OK_AND_ASSIGN(const v1::User ada, users.Update(change, kOwner));
  EXPECT_EQ(ada.phones(0).directory(), "");
  world.Sync();
  EXPECT_THAT(Get("ada@a.test").phones(), SizeIs(1));  // R38
}

TEST_F(UserWriterTest, R97_R48_NotesBypassAndDevicesSurviveSyncs) {
  auto change = Change("ada@a.test", {"note"});
  change.mutable_user()->set_note("calls from the ship");
  EXPECT_OK(users.Update(change, kOwner));
  v1::AddDeviceRequest add;
  add.set_parent(NameOf("ada@a.test"));
  add.mutable_device()->set_device_id("phone");
  EXPECT_OK(users.AddDevice(add, kOwner));
  EXPECT_OK(SetState("ada@a.test", v1::User::BYPASS));

  world.tenant().UserAt(10).set_display_name("Countess");
  world.Sync();
  const v1::User ada = Get("ada@a.test");
  EXPECT_EQ(ada.display_name(), "Countess");
  EXPECT_EQ(ada.note(), "calls from the ship");
  EXPECT_EQ(ada.device_count(), 1);
  EXPECT_EQ(ada.state(), v1::User::BYPASS);

  const size_t events = world.Events().size();
  EXPECT_OK(users.AddDevice(add, kOwner));  // Idempotent.
  EXPECT_THAT(world.Events(), SizeIs(events));
  v1::RemoveDeviceRequest remove;
  remove.set_parent(ada.name());
  remove.set_device_id("phone");
  EXPECT_EQ(users.RemoveDevice(remove, kOwner)->device_count(), 0);
  EXPECT_THAT(users.RemoveDevice(remove, kOwner),
              StatusIs(absl::StatusCode::kNotFound, "DEVICE_NOT_FOUND"));
}

TEST_F(UserWriterTest, A12_BypassDoesNotOutliveADisablingByTheSource) {
  EXPECT_OK(SetState("ada@a.test", v1::User::BYPASS));
  world.tenant().UserAt(10).set_enabled(false);
  world.Sync();
  EXPECT_THAT(Refused([&] { return SetState("ada@a.test", v1::User::BYPASS); }),
              StatusIs(kRefused, "USER_DISABLED_BY_SOURCE"));  // R51
  world.tenant().UserAt(10).set_enabled(true);
  world.Sync();
  EXPECT_EQ(Get("ada@a.test").state(), v1::User::ACTIVE);
}

TEST_F(UserWriterTest, R49_R51_R55_TheSourceDecidesAboutManagedUsers) {
  EXPECT_THAT(
      Refused([&] { return SetState("ada@a.test", v1::User::DISABLED); }),
      StatusIs(kRefused, "USER_MANAGED"));
  auto sneaky = Change("ada@a.test", {});
  sneaky.mutable_user()->set_state(v1::User::DISABLED);
  sneaky.mutable_user()->set_note("new");
  EXPECT_THAT(Refused([&] { return users.Update(sneaky, kOwner); }),
              StatusIs(kRefused, "USER_MANAGED"));
  EXPECT_THAT(Delete(NameOf("ada@a.test")), StatusIs(kRefused, "USER_MANAGED"));
  // Manual users are the administrators'.
  EXPECT_EQ(SetState("cy", v1::User::DISABLED)->state(), v1::User::DISABLED);
  EXPECT_EQ(SetState("cy", v1::User::ACTIVE)->state(), v1::User::ACTIVE);
}

TEST_F(UserWriterTest, R58_R65_A14_ATrashedUserIsReadOnlyAndRefusesVisibly) {
  const std::string ada = NameOf("ada@a.test");
  world.tenant().RemoveUser(10);
  world.Sync();
  for (const auto state :
       {v1::User::ACTIVE, v1::User::BYPASS, v1::User::DISABLED}) {
    EXPECT_THAT(Refused([&] { return SetState("ada@a.test", state); }),
                StatusIs(kRefused, "USER_PENDING_DELETION"));
  }
  auto change = Change("ada@a.test", {"note"});
  change.mutable_user()->set_note("new");
  EXPECT_THAT(Refused([&] { return users.Update(change, kOwner); }),
              StatusIs(kRefused, "USER_PENDING_DELETION"));
  auto activate = Change("ada@a.test", {"state"});
  activate.mutable_user()->set_state(v1::User::ACTIVE);
  EXPECT_THAT(Refused([&] { return users.Update(activate, kOwner); }),
              StatusIs(kRefused, "USER_PENDING_DELETION"));
  auto replace = Change("ada@a.test", {"*"});
  *replace.mutable_user() = Get("ada@a.test");
  EXPECT_OK(users.Update(replace, kOwner));
  replace.mutable_user()->set_state(v1::User::ACTIVE);
  EXPECT_THAT(Refused([&] { return users.Update(replace, kOwner); }),
              StatusIs(kRefused, "USER_PENDING_DELETION"));
  v1::AddDeviceRequest add;
  add.set_parent(ada);
  add.mutable_device()->set_device_id("phone");
  EXPECT_THAT(Refused([&] { return users.AddDevice(add, kOwner); }),
              StatusIs(kRefused, "USER_PENDING_DELETION"));
  EXPECT_THAT(Delete(ada), StatusIs(kRefused, "USER_PENDING_DELETION"));
  EXPECT_EQ(Get("ada@a.test").effective_state(), v1::User::PENDING_DELETION);
}

TEST_F(UserWriterTest, R53_R54_AGroupsStatusIsSetByHandAndSurvivesSyncs) {
  v1::SetGroupStateRequest request;
  request.set_name("accounts/acme/groups/" + world.group("Sales").id);
  request.set_state(v1::Group::DISABLED);
  EXPECT_EQ(groups.SetState(request, kOwner)->state(), v1::Group::DISABLED);
  EXPECT_EQ(world.Events().back().rule(), "R53");
  EXPECT_EQ(world.Events().back().group_change().state(), v1::Group::DISABLED);
  world.tenant().GroupAt(1).set_display_name("Selling");
  world.Sync();
  EXPECT_EQ(world.group("Selling").status, GroupStatus::kDisabled);
  const v1::User ada = Get("ada@a.test");
  EXPECT_EQ(ada.state(), v1::User::ACTIVE);
  EXPECT_EQ(ada.effective_state(), v1::User::DISABLED);
}

TEST_F(UserWriterTest, R54_R95_NameAndMembersOfAManagedGroupAreTheSources) {
  const std::string sales = "accounts/acme/groups/" + world.group("Sales").id;
  v1::UpdateGroupRequest rename;
  rename.mutable_group()->set_name(sales);
  rename.mutable_group()->set_display_name("Mine");
  const absl::Status status =
      Refused([&] { return groups.Update(rename, kOwner); });
  EXPECT_THAT(status, StatusIs(kRefused, "FIELD_MANAGED"));
  EXPECT_THAT(FactsOf(status), Contains(Pair("field", "display_name")));
  v1::AddGroupMemberRequest join;
  join.set_parent(sales);
  join.set_user(cy.name());
  EXPECT_THAT(Refused([&] { return groups.AddMember(join, kOwner); }),
              StatusIs(kRefused, "FIELD_MANAGED"));
  join.set_parent(crew.name());
  join.set_user(NameOf("ada@a.test"));
  EXPECT_THAT(Refused([&] { return groups.AddMember(join, kOwner); }),
              StatusIs(kRefused, "FIELD_MANAGED"));
  EXPECT_THAT(DeleteGroup(sales, true), StatusIs(kRefused, "GROUP_MANAGED"));

  rename.mutable_group()->set_name(crew.name());
  EXPECT_EQ(groups.Update(rename, kOwner)->display_name(), "Mine");
  EXPECT_THAT(groups.Create(NewGroup("MINE"), kOwner),
              StatusIs(absl::StatusCode::kAlreadyExists, "GROUP_NAME_TAKEN"));
  rename.mutable_group()->set_display_name("sales");
  EXPECT_THAT(groups.Update(rename, kOwner),
              StatusIs(absl::StatusCode::kAlreadyExists, "GROUP_NAME_TAKEN"));
}

// More members than leave in one batch; Dee is among them, and in the trash.
TEST_F(UserWriterTest, AGroupIsDeletedWithItsMembersOnlyByForce) {
  constexpr int kMembers = 450;
  for (int n = 0; n < kMembers; ++n) {
    User member;
    member.id = "m" + std::to_string(n);
    member.username = member.id;
    member.groups = {world.group("Crew").id};
    if (n == 7) {
      member.claims = {{"d9", "s9", "dee@a.test", "dee@a.test"}};
      member.delete_time = world.clock.TimeNow();
      member.deletion_epoch = 1;
    }
    world.PutUser(member);
  }
  EXPECT_THAT(DeleteGroup(crew.name(), false),
              StatusIs(kRefused, "GROUP_NOT_EMPTY"));
  EXPECT_OK(DeleteGroup(crew.name(), true));
  EXPECT_FALSE(world.FindGroup("Crew").has_value());
  EXPECT_TRUE(world.user("m7").pending_deletion());
  EXPECT_THAT(world.user("m7").groups, IsEmpty());
  EXPECT_EQ(world.Events().back().group_delete().name(), crew.name());
  EXPECT_THAT(DeleteGroup(crew.name(), true),
              StatusIs(absl::StatusCode::kNotFound, "GROUP_NOT_FOUND"));
}

TEST_F(UserWriterTest, AnEtagStaysWhenASyncFindsNothingToDo) {
  const User before = world.user("ada@a.test");
  world.clock.AdvanceTime(absl::Hours(1));
  ASSERT_OK(world.SyncUser("ada@a.test"));
  User after = world.user("ada@a.test");
  EXPECT_EQ(EtagOf(after), EtagOf(before));
  after.claims.front().read_time += absl::Hours(1);
  EXPECT_EQ(EtagOf(after), EtagOf(before));
}

TEST_F(UserWriterTest, AnEtagNamesOneVersion) {
  auto first = Change("cy", {"note"});
  first.mutable_user()->set_note("one");
  first.mutable_user()->set_etag(cy.etag());
  ASSERT_OK_AND_ASSIGN(const v1::User after, users.Update(first, kOwner));
  EXPECT_NE(after.etag(), cy.etag());
  auto second = Change("cy", {"note"});
  second.mutable_user()->set_note("two");
  second.mutable_user()->set_etag(cy.etag());
  EXPECT_THAT(Refused([&] { return users.Update(second, kOwner); }),
              StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
  // A group's does not move with its members.
  v1::RemoveGroupMemberRequest leave;
  leave.set_parent(crew.name());
  leave.set_user(cy.name());
  EXPECT_OK(groups.RemoveMember(leave, kOwner));
  v1::SetGroupStateRequest state;
  state.set_name(crew.name());
  state.set_state(v1::Group::BYPASS);
  state.set_etag(crew.etag());
  EXPECT_OK(groups.SetState(state, kOwner));
}

TEST_F(UserWriterTest, ValidateOnlyChecksEverythingAndChangesNothing) {
  auto request = NewUser("dee");
  request.set_validate_only(true);
  EXPECT_OK(Refused([&] { return users.Create(request, kOwner); }));
  auto change = Change("cy", {"*"});
  change.mutable_user()->set_username("ada@a.test");
  change.set_validate_only(true);
  EXPECT_THAT(Refused([&] { return users.Update(change, kOwner); }),
              StatusIs(absl::StatusCode::kAlreadyExists, "USERNAME_TAKEN"));
  EXPECT_THAT(
      users.Update(Change("cy", {"shoe_size"}), kOwner),
      StatusIs(absl::StatusCode::kInvalidArgument, "MASK_PATH_UNKNOWN"));
}

TEST_F(UserWriterTest, ARepeatedRequestGetsTheSameAnswerForADay) {
  auto request = NewUser("dee");
  request.set_request_id(kRequest);
  ASSERT_OK_AND_ASSIGN(const v1::User dee, users.Create(request, kOwner));
  EXPECT_OK(Delete(dee.name()));
  world.clock.AdvanceTime(absl::Hours(23));
  EXPECT_EQ(users.Create(request, kOwner)->name(), dee.name());
  EXPECT_FALSE(world.FindUser("dee").has_value());
  request.mutable_user()->set_username("eve");
  EXPECT_THAT(
      users.Create(request, kOwner),
      StatusIs(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED"));

  world.clock.AdvanceTime(absl::Hours(2));
  auto other = NewUser("fay");
  other.set_request_id("6b1f8a52-0c1d-4e53-9a57-2f7a0e7f3c12");
  EXPECT_OK(users.Create(other, kOwner));  // Forgets the old ones.
  EXPECT_EQ(users.Create(request, kOwner)->username(), "eve");
}

TEST_F(UserWriterTest, AWriteThatChangesNothingWritesNothing) {
  auto same = Change("ada@a.test", {});
  *same.mutable_user() = Get("ada@a.test");  // Read, and sent back as it is.
  EXPECT_OK(Refused([&] { return users.Update(same, kOwner); }));
  EXPECT_OK(Refused([&] { return SetState("cy", v1::User::ACTIVE); }));
}

}  // namespace
}  // namespace rollcall::reconciliation
