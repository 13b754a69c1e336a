#include "common/rpc/channel.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/rpc/fake_trash_server.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::rpc {
namespace {

using ::rollcall::testing::StatusIs;

constexpr char kUser[] = "accounts/acme/trashedUsers/u1";

class ChannelTest : public ::testing::Test {
 protected:
  // The owner's channel to a server whose first `failures` calls of each
  // method fail with `failure`.
  std::unique_ptr<FakeTrashServer::Stub> OwnerOf(int failures,
                                                 absl::Status failure) {
    const auto fail = [failures, failure](const Call&, int count) {
      return count <= failures ? failure : absl::OkStatus();
    };
    trash_.service.on_get = fail;
    trash_.service.on_delete = fail;
    EXPECT_OK(trash_.Start());
    return trash_.StubFor(trash_.authority.ForPerson("acme", "OWNER"));
  }

  FakeTrashServer trash_;
};

const absl::Status& Down() {
  static const auto& status =
      *new absl::Status(Unavailable("RESTARTING", "Back in a moment."));
  return status;
}

TEST_F(ChannelTest, TriesAMethodWithoutSideEffectsAgain) {
  const auto owner = OwnerOf(3, Down());
  EXPECT_OK(Get(*owner, kUser));
  EXPECT_EQ(trash_.service.gets(), 4);
}

TEST_F(ChannelTest, GivesUpAfterTheFourthTry) {
  const auto owner = OwnerOf(100, Down());
  EXPECT_THAT(Get(*owner, kUser),
              StatusIs(absl::StatusCode::kUnavailable, "RESTARTING"));
  EXPECT_EQ(trash_.service.gets(), 4);
}

TEST_F(ChannelTest, NeverRepeatsAMethodThatChangesSomething) {
  const auto owner = OwnerOf(1, Down());
  EXPECT_THAT(Delete(*owner, kUser),
              StatusIs(absl::StatusCode::kUnavailable, "RESTARTING"));
  EXPECT_EQ(trash_.service.deletes(), 1);
}

TEST_F(ChannelTest, RepeatsNothingButUnavailable) {
  const auto owner = OwnerOf(1, Aborted("RACE", "Somebody was quicker."));
  EXPECT_THAT(Get(*owner, kUser), StatusIs(absl::StatusCode::kAborted, "RACE"));
  EXPECT_EQ(trash_.service.gets(), 1);
}

TEST_F(ChannelTest, RefusesAServerThatIsAnotherService) {
  ASSERT_OK(trash_.Start());
  const TlsFiles files = trash_.authority.ForPerson("acme", "OWNER");
  const auto stub =
      trash::v1::TrashService::NewStub(trash_.ChannelFor(files, "directory"));
  EXPECT_THAT(Get(*stub, kUser), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_OK(Get(*trash_.StubFor(files), kUser));
  EXPECT_EQ(trash_.service.gets(), 1);
}

TEST_F(ChannelTest, TakesNewCertificatesWithoutBeingOpenedAnew) {
  ASSERT_OK(trash_.Start());
  const std::string owner =
      trash_.authority.ForPerson("acme", "OWNER", "ada").certificate_file;
  // The files are behind a link: those of an authority that the server does not
  // know, at first.
  testing::TestAuthority old(trash_.authority.trust_domain());
  old.ForPerson("acme", "OWNER", "ada");
  const std::string link = absl::StrCat(old.directory(), "/current");
  ASSERT_EQ(symlink(old.directory().c_str(), link.c_str()), 0);
  const std::string stem = absl::StrCat(
      link, absl::StripSuffix(owner.substr(owner.rfind('/')), ".pem"));
  const auto stub = trash_.StubFor({.ca_file = absl::StrCat(link, "/ca.pem"),
                                    .certificate_file = stem + ".pem",
                                    .key_file = stem + ".key"});
  EXPECT_THAT(Get(*stub, kUser), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(trash_.service.gets(), 0);

  const std::string next = link + ".new";
  ASSERT_EQ(symlink(trash_.authority.directory().c_str(), next.c_str()), 0);
  ASSERT_EQ(rename(next.c_str(), link.c_str()), 0);

  grpc::ClientContext context;
  SetDeadline(&context, absl::Minutes(1));
  context.set_wait_for_ready(true);  // Connects anew until it succeeds.
  trash::v1::GetTrashedUserRequest request;
  request.set_name(kUser);
  trash::v1::TrashedUser user;
  EXPECT_OK(FromGrpcStatus(stub->GetTrashedUser(&context, request, &user)));
}

TEST_F(ChannelTest, RefusesAServerOfAnotherAuthority) {
  ASSERT_OK(trash_.Start());
  testing::TestAuthority other(trash_.authority.trust_domain());
  const auto stub = trash_.StubFor(other.ForPerson("acme", "OWNER"));
  EXPECT_THAT(Get(*stub, kUser), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ChannelTest, SaysAtOnceThatNobodyIsThere) {
  ASSERT_OK(trash_.Start());
  const auto owner =
      trash_.StubFor(trash_.authority.ForPerson("acme", "OWNER"));
  trash_.server.reset();
  EXPECT_THAT(Get(*owner, kUser), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(Channel, DoesNotOpenWithAKeyOfAnotherCertificate) {
  testing::TestAuthority authority;
  TlsFiles files = authority.ForService("trash");
  files.key_file = authority.ForService("directory").key_file;
  EXPECT_THAT(
      OpenChannel({.target = "127.0.0.1:1",
                   .tls = files,
                   .trust_domain = authority.trust_domain(),
                   .expected_service = "directory"}),
      StatusIs(absl::StatusCode::kFailedPrecondition, "TLS_FILES_INVALID"));
}

TEST(Channel, DoesNotOpenForAServiceThatIsNotLinked) {
  testing::TestAuthority authority;
  EXPECT_THAT(
      OpenChannel({.target = "127.0.0.1:1",
                   .tls = authority.ForService("trash"),
                   .trust_domain = authority.trust_domain(),
                   .expected_service = "directory",
                   .service_name = "rollcall.directory.v1.NoService"}),
      StatusIs(absl::StatusCode::kFailedPrecondition, "SERVICE_UNKNOWN"));
}

}  // namespace
}  // namespace rollcall::rpc
