// Full reads of a local Entra while something is wrong: the read is whole
// nevertheless, or says that it is not, and a crash leaves nothing behind.
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/test_sealer.h"
#include "services/directory/worker.h"
#include "tests/system/directory/read_fixture.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- Faults that pass: the read is whole nevertheless.

struct PassingFault {
  const char* name;
  entra::Fault fault;

  friend void PrintTo(const PassingFault& fault, std::ostream* out) {
    *out << fault.name;
  }
};

class PassingFaultTest : public ReadTest,
                         public ::testing::WithParamInterface<PassingFault> {};

TEST_P(PassingFaultTest, B12_TheReadIsWhole) {
  world_.Configure(kDepartments, options_);
  Break(GetParam().fault);
  ExpectTruth();
}

using entra::Fault;
using entra::FaultKind;

INSTANTIATE_TEST_SUITE_P(
    Faults, PassingFaultTest,
    ::testing::Values(
        PassingFault{"Throttled",
                     {.kind = FaultKind::kStatus,
                      .times = 5,
                      .status = 429,
                      .code = "TooManyRequests",
                      .retry_after = "0.249"}},
        PassingFault{
            "ServerErrors",
            {.kind = FaultKind::kStatus, .probability = 0.2, .status = 503}},
        PassingFault{"GatewaysHtml",
                     {.kind = FaultKind::kHtml, .times = 5, .status = 502}},
        PassingFault{"NotFoundOfAGateway",
                     {.kind = FaultKind::kStatus,
                      .times = 5,
                      .status = 404,
                      .code = "UnknownError"}},
        PassingFault{"BadStatusWithAGoodBody",
                     {.kind = FaultKind::kKeepBody, .times = 5, .status = 400}},
        PassingFault{"ConnectionsBreak",
                     {.kind = FaultKind::kCut, .probability = 0.2}},
        PassingFault{"BodiesAreCut",
                     {.kind = FaultKind::kTruncate, .probability = 0.2}},
        PassingFault{"CompressionIsDamaged",
                     {.kind = FaultKind::kBadGzip, .probability = 0.2}},
        PassingFault{"EmptyPages",
                     {.kind = FaultKind::kEmptyPage, .probability = 0.5}},
        PassingFault{"Duplicates", {.kind = FaultKind::kDuplicates}},
        PassingFault{"PagesExpire",
                     {.kind = FaultKind::kExpiredSkipToken, .times = 2}},
        PassingFault{"WrongContext", {.kind = FaultKind::kWrongContext}},
        PassingFault{"ServicePrincipalsShow",
                     {.kind = FaultKind::kShowServicePrincipals}}),
    [](const auto& row) { return row.param.name; });

// ---- Faults that stay: the read says so.

TEST_F(ReadTest, R30_AMemberListThatIsCutIsNotComplete) {
  world_.Configure(kDepartments, options_);
  const std::string id = world_.GroupId("Sales");
  Break({.kind = FaultKind::kStatus,
         .path = absl::StrCat("/groups/", id, "/members"),
         .status = 503});
  const Streamed streamed = world_.Stream();
  ASSERT_OK(streamed.status);
  EXPECT_FALSE(streamed.trailer->complete());
  EXPECT_THAT(streamed.trailer->incomplete_reasons(),
              ElementsAre(HasSubstr(id)));
  // What was read is there, and nothing else is.
  EXPECT_FALSE(streamed.users.empty());
  EXPECT_THAT(ExpectedLines(world_.emulator(), kDepartments, options_).size(),
              ::testing::Gt(streamed.users.size()));
}

TEST_F(ReadTest, R30_ANestedGroupCountsLikeASelectedOne) {
  world_.Configure({"Engineering"}, options_);
  Break({.kind = FaultKind::kStatus,
         .path = absl::StrCat("/groups/", world_.GroupId("Engineering Storage"),
                              "/members"),
         .status = 500});
  EXPECT_FALSE(world_.Stream().complete());
}

TEST_F(ReadTest, R30_APageChainThatLoopsIsNotComplete) {
  // No teams: Engineering alone has more than one page of members.
  World large({.users = 4000, .groups = 5, .seed = 12});
  large.Configure(kDepartments, options_);
  EXPECT_TRUE(large.Stream().complete());
  large.emulator().faults().Add(
      {.kind = FaultKind::kNextLinkLoop, .path = "/members"});
  const Streamed streamed = large.Stream();
  ASSERT_OK(streamed.status);
  EXPECT_FALSE(streamed.trailer->complete());
  EXPECT_THAT(streamed.trailer->incomplete_reasons(),
              ElementsAre(HasSubstr("there before")));
}

TEST_F(ReadTest, R30_AUsersListThatFailsIsMadeUpForById) {
  World large({.users = 3000, .groups = 40, .seed = 13},
              {.user_source = UserSource::kList});
  large.Configure(kDepartments, options_);
  large.emulator().faults().Add({.kind = FaultKind::kStatus,
                                 .after = 1,
                                 .path = "/v1.0/users?",
                                 .status = 500});
  const Streamed streamed = large.Stream();
  EXPECT_TRUE(streamed.complete());
  EXPECT_EQ(Lines(streamed),
            ExpectedLines(large.emulator(), kDepartments, options_));
}

TEST_F(ReadTest, A7_R19_AVanishedGroupIsMissingAndNothingIsProved) {
  world_.Configure(kDepartments, options_);
  EXPECT_TRUE(world_.Stream().complete());
  const std::string id = world_.GroupId("Finance");
  EXPECT_OK(world_.emulator().tenant().DeleteGroup("Finance"));
  // Another one of the same name is another group.
  EXPECT_OK(world_.emulator().tenant().AddGroup("Finance"));
  const Streamed streamed = world_.Stream();
  ASSERT_OK(streamed.status);
  EXPECT_FALSE(streamed.trailer->complete());
  EXPECT_THAT(streamed.trailer->incomplete_reasons(),
              ElementsAre(HasSubstr("not found")));
  for (const v1::DesiredGroup& group : streamed.groups) {
    EXPECT_EQ(group.missing(), group.source_id() == id);
  }
  v1::GetDirectoryRequest get;
  get.set_name("accounts/acme/directories/d1");
  ASSERT_OK_AND_ASSIGN(const v1::Directory directory,
                       world_.manager().Get(get));
  EXPECT_EQ(directory.state(), v1::Directory::NEEDS_ATTENTION);
  for (const v1::SelectedGroup& group : directory.selected_groups()) {
    EXPECT_EQ(group.missing(), group.source_id() == id);
    EXPECT_NE(group.display_name(), "");
  }
}

TEST_F(ReadTest, R19_ARecreatedGroupIsReadOnceItIsSelected) {
  world_.Configure(kDepartments, options_);
  entra::Tenant& tenant = world_.emulator().tenant();
  EXPECT_OK(tenant.DeleteGroup("Finance"));
  EXPECT_OK(tenant.AddGroup("Finance"));
  EXPECT_OK(tenant.AddMember("Finance", "Sales"));
  EXPECT_FALSE(world_.Stream().trailer->complete());

  // The operator removes the old one, and adds the new one.
  world_.Configure(kDepartments, options_);
  const Streamed streamed = world_.Stream();
  EXPECT_TRUE(streamed.complete());
  EXPECT_EQ(Lines(streamed),
            ExpectedLines(world_.emulator(), kDepartments, options_));
  v1::GetDirectoryRequest get;
  get.set_name("accounts/acme/directories/d1");
  ASSERT_OK_AND_ASSIGN(const v1::Directory directory,
                       world_.manager().Get(get));
  EXPECT_EQ(directory.state(), v1::Directory::CONNECTED);
}

TEST_F(ReadTest, R30_HiddenMembershipIsUnknownAndNotEmpty) {
  world_.Configure(kDepartments, options_);
  EXPECT_OK(world_.emulator().tenant().SetHiddenMembership("Support", true));
  ExpectTruth();  // With the permission, everything is seen.
  Break({.kind = FaultKind::kMissingPermission, .name = "Member.Read.Hidden"});
  const Streamed streamed = world_.Stream();
  ASSERT_OK(streamed.status);
  EXPECT_FALSE(streamed.trailer->complete());
  EXPECT_THAT(streamed.trailer->incomplete_reasons(),
              ElementsAre(HasSubstr("hides its members")));
}

TEST_F(ReadTest, AGraphThatIsDownGivesNoTrailer) {
  world_.Configure(kDepartments, options_);
  Break({.kind = FaultKind::kStatus, .status = 503});
  EXPECT_THAT(world_.Stream().status, StatusIs(StatusCode::kUnavailable));
}

TEST_F(ReadTest, UsersThatCannotBeReadAtAllGiveNoTrailer) {
  world_.Configure(kDepartments, options_);
  Break({.kind = FaultKind::kStatus, .path = "getByIds", .status = 503});
  Break({.kind = FaultKind::kStatus, .path = "/v1.0/users", .status = 503});
  EXPECT_FALSE(world_.Stream().status.ok());
}

TEST_F(ReadTest, AMissingPermissionIsSaidAndNotTakenForAbsence) {
  world_.Configure(kDepartments, options_);
  Break({.kind = FaultKind::kStatus,
         .path = "/members",
         .status = 403,
         .code = "Authorization_RequestDenied"});
  EXPECT_THAT(world_.Stream().status,
              StatusIs(StatusCode::kFailedPrecondition, "GRAPH_FORBIDDEN"));
}

TEST_F(ReadTest, R12_ARefusedTokenIsReportedAndEndsTheRead) {
  world_.Configure(kDepartments, options_);
  world_.authorization().set_fixed_token("nonsense");
  EXPECT_THAT(world_.Stream().status,
              StatusIs(StatusCode::kFailedPrecondition, "GRAPH_UNAUTHORIZED"));
  EXPECT_EQ(world_.authorization().reported().size(), 2u);
}

TEST_F(ReadTest, ALongRetryAfterEndsTheReadWithTheWait) {
  world_.Configure(kDepartments, options_);
  Break({.kind = FaultKind::kStatus,
         .status = 429,
         .code = "TooManyRequests",
         .retry_after = "1200"});
  const absl::Status status = world_.Stream().status;
  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
  EXPECT_EQ(RetryDelayOf(status), absl::Minutes(20));
}

TEST_F(ReadTest, ATokenOfAnotherTenantReadsNothing) {
  World other({.users = 50, .groups = 20, .seed = 99});
  FakeAuthorization wrong("accounts/acme/connections/c1",
                          world_.emulator().origin(),
                          other.emulator().tenant_id());
  world_.Configure(kDepartments, options_);
  // Ours, but said to be the other one's: /organization tells.
  auto http = http::Client::Create({.ca_file = world_.emulator().ca_file()});
  ASSERT_OK(http);
  auto token = world_.authorization().MintAccessToken(
      *ConnectionName::Parse("accounts/acme/connections/c1"));
  ASSERT_OK(token);
  wrong.set_fixed_token(std::string(token->token.Reveal()));
  GraphClient graph(**http, wrong, world_.store(), Clock::GetRealClock(),
                    world_.waiter());
  MirrorKeeper keeper(world_.store(), wrong, graph, TestSealer(),
                      Clock::GetRealClock());
  EXPECT_THAT(world_.Stream(keeper).status,
              StatusIs(StatusCode::kFailedPrecondition, "TENANT_MISMATCH"));
}

// ---- Crashes.

// The store fails at the n-th commit and the process ends; it starts again and
// reads anew. Whatever n, the truth arrives, and nothing is left of the dead.
TEST_F(ReadTest, B12_ACrashAtAnyWriteHurtsNothing) {
  const std::string path = ::testing::TempDir() + "/read_crash";
  const auto open = [&path] {
    auto store = rollcall::store::OpenRocksDb(
        {.path = path, .owner = "test", .min_free_bytes = 0});
    EXPECT_OK(store);
    return *std::move(store);
  };
  {
    auto store = open();
    world_.Configure(*world_.ManagerOver(*store), kDepartments, options_);
  }
  const std::vector<std::string> truth =
      ExpectedLines(world_.emulator(), kDepartments, options_);
  bool failed = true;
  int crashes = 0;
  for (int n = 1; failed; ++n) {
    const auto outcome =
        n % 2 == 0 ? rollcall::store::FaultyStore::Outcome::kWritten
                   : rollcall::store::FaultyStore::Outcome::kNotWritten;
    {
      auto store = open();
      rollcall::store::FaultyStore faulty(*store);
      faulty.FailCommit(n, outcome);
      const Streamed streamed = world_.Stream(*world_.KeeperOver(faulty));
      failed = !streamed.status.ok();
      if (!failed) {
        EXPECT_EQ(Lines(streamed), truth);
      }
    }
    crashes += failed ? 1 : 0;
    auto store = open();
    ReadSweeper sweeper(*store);
    while (*sweeper.RunOnce(absl::UnixEpoch()) == Pace::kAgain) {
    }
    if (n % 7 == 0 || !failed) {
      const Streamed streamed = world_.Stream(*world_.KeeperOver(*store));
      EXPECT_TRUE(streamed.complete());
      EXPECT_EQ(Lines(streamed), truth);
    }
  }
  EXPECT_GT(crashes, 4);  // Header, rows, groups, changes, seal.
}

}  // namespace
}  // namespace rollcall::directory
