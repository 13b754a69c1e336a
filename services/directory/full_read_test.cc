// What one read asks a little Graph for, and what it makes of hostile answers;
// reads of whole tenants are in tests/system/directory.
#include "services/directory/full_read.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/status_macros.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/little_graph.h"
#include "services/directory/read_store.h"
#include "services/directory/user_reader.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kConnection[] = "accounts/acme/connections/c1";
constexpr char kTenant[] = "5f0c4c39-0c2d-4a4c-8a6f-3f5c8d1b2e77";
const SourceId kGroup(1, 1);
const SourceId kUser(2, 2);

Answer List(const std::string& objects) {
  return {.body = absl::StrCat(R"({"value":[)", objects, "]}")};
}

std::string Object(const SourceId& id, const std::string& rest) {
  return absl::StrCat(R"({"id":")", id.ToString(), R"(",)", rest, "}");
}

Answer Members() {
  return List(Object(kUser, R"("@odata.type":"#microsoft.graph.user")"));
}
Answer Groups() { return List(Object(kGroup, R"("displayName":"Staff")")); }

// What follows `$select=` in the address of a request; the page size is none of
// the attributes.
std::vector<std::string> Selected(const httplib::Request& request) {
  return absl::StrSplit(request.get_param_value("$select"), ',');
}

class FullReadTest : public ::testing::Test {
 protected:
  FullReadTest()
      : authorization_(kConnection, graph_.origin(), kTenant),
        http_(*http::Client::Create({.ca_file = LittleGraph::ca_file()})),
        store_(*rollcall::store::OpenInMemory()),
        client_(*http_, authorization_, *store_, clock_, waiter_) {
    header_.mutable_directory()->add_selected_groups(kGroup.Bytes());
  }

  // One request after the other, so that Graph's answers find theirs.
  absl::StatusOr<store::StoredRead> Read() {
    auto session =
        client_.Open(*ConnectionName::Parse(kConnection), [] { return false; });
    EXPECT_OK(session);
    auto writer = ReadStore(*store_).Begin(
        *DirectoryName::Parse("accounts/acme/directories/d1"), header_);
    EXPECT_OK(writer);
    writer_ = *std::move(writer);
    WorkCrew crew(1);
    FullRead read(**session, *writer_, crew, {.limits = limits_}, absl::nullopt,
                  [](const FullReadProgress&) {});
    RETURN_IF_ERROR(read.ReadGroups().status());
    RETURN_IF_ERROR(read.ReadUsers());
    return read.Write();
  }

  LittleGraph graph_;
  FakeAuthorization authorization_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'760'000'000)};
  FakeWaiter waiter_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<rollcall::store::Store> store_;
  GraphClient client_;
  store::StoredRead header_;
  ReadLimits limits_;
  std::unique_ptr<ReadWriter> writer_;
};

TEST_F(FullReadTest, R20_OnlyTheNamedAttributesAreAskedForAndImported) {
  header_.mutable_directory()->set_phone_import_enabled(true);
  graph_.Say(
      {Members(), Groups(),
       List(Object(kUser, R"("userPrincipalName":"ada@example.com",)"
                          R"("displayName":"Ada","mail":"ada@example.com",)"
                          R"("accountEnabled":true,"userType":"Member",)"
                          R"("mobilePhone":null,"businessPhones":[],)"
                          R"("employeeId":"uncalled-for",)"
                          R"("otherMails":["uncalled-for@example.com"],)"
                          R"("proxyAddresses":["smtp:uncalled-for"],)"
                          R"("onPremisesExtensionAttributes":)"
                          R"({"extensionAttribute1":"uncalled-for"})"))});
  ASSERT_OK_AND_ASSIGN(const store::StoredRead read, Read());
  EXPECT_TRUE(read.complete());

  const std::vector<httplib::Request> requests = graph_.requests();
  ASSERT_THAT(requests, SizeIs(3));
  EXPECT_THAT(Selected(requests[0]), ElementsAre("id"));
  EXPECT_THAT(Selected(requests[1]),
              ElementsAre("id", "displayName", "description", "visibility"));
  EXPECT_THAT(Selected(requests[2]),
              ElementsAre("id", "userPrincipalName", "displayName", "mail",
                          "accountEnabled", "userType", "mobilePhone",
                          "businessPhones"));
  for (const httplib::Request& request : requests) {
    EXPECT_THAT(request.target, Not(HasSubstr("$expand")));
  }
  const auto cursor = store_->Scan("acme", rollcall::store::KeyRange());
  int entries = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto entry, cursor->Next());
    if (!entry.has_value()) break;
    ++entries;
    EXPECT_THAT(entry->value, Not(HasSubstr("uncalled-for"))) << entry->key;
  }
  EXPECT_GE(entries, 4);  // The header, a user, a group, its members.
}

TEST_F(FullReadTest, R38_WithoutImportPhonesAreNotEvenAskedFor) {
  graph_.Say({Members(), Groups(),
              List(Object(kUser, R"("userPrincipalName":"ada@example.com")"))});
  ASSERT_OK(Read());
  EXPECT_THAT(Selected(graph_.requests().at(2)),
              ElementsAre("id", "userPrincipalName", "displayName", "mail",
                          "accountEnabled", "userType"));
}

TEST_F(FullReadTest, B3_OnlyGraphsOwn404IsProofThatAUserIsGone) {
  // The user is not shown; while it is asked for by itself, the token is
  // refused and authorization says that there is no such connection.
  graph_.Say({Members(), Groups(), List(""), {.status = 401, .before = [this] {
                                                authorization_.set_removed(
                                                    true);
                                              }}});
  EXPECT_THAT(Read(), StatusIs(StatusCode::kNotFound, "CONNECTION_NOT_FOUND"));
}

TEST_F(FullReadTest, B3_AUserWhoIsGoneIsDangling) {
  graph_.Say({Members(),
              Groups(),
              List(""),
              {.status = 404,
               .body = R"({"error":{"code":"Request_ResourceNotFound"}})"}});
  ASSERT_OK_AND_ASSIGN(const store::StoredRead read, Read());
  EXPECT_TRUE(read.complete());
  EXPECT_EQ(read.ignored_members().at("DANGLING"), 1);
}

TEST_F(FullReadTest, B3_AMemberWithoutATypeLeavesTheReadUnproved) {
  graph_.Say(
      {List(absl::StrCat(R"({"id":")", kUser.ToString(), R"("})")), Groups()});
  ASSERT_OK_AND_ASSIGN(const store::StoredRead read, Read());
  EXPECT_FALSE(read.complete());
  EXPECT_THAT(read.incomplete_reasons(), SizeIs(1));
}

// One by one it would never end; so many do not come by chance.
TEST_F(FullReadTest, R30_VeryManyUsersWhomNobodyShowsAreNotAskedForOneByOne) {
  const std::string member = R"("@odata.type":"#microsoft.graph.user")";
  const Answer members = List(absl::StrCat(Object(SourceId(2, 1), member), ",",
                                           Object(SourceId(2, 2), member), ",",
                                           Object(SourceId(2, 3), member)));
  const Answer gone = {
      .status = 404,
      .body = R"({"error":{"code":"Request_ResourceNotFound"}})"};
  limits_.confirmations = 3;
  graph_.Say({members, Groups(), List(""), gone, gone, gone});
  ASSERT_OK_AND_ASSIGN(store::StoredRead read, Read());
  EXPECT_TRUE(read.complete());
  EXPECT_EQ(read.ignored_members().at("DANGLING"), 3);

  limits_.confirmations = 2;
  graph_.Say({List(absl::StrCat(Object(SourceId(2, 1), member), ",",
                                Object(SourceId(2, 2), member), ",",
                                Object(SourceId(2, 3), member), ",",
                                Object(SourceId(2, 4), member))),
              Groups(),
              List(Object(SourceId(2, 4), R"("userPrincipalName":"a@b.c")"))});
  const size_t before = graph_.requests().size();
  ASSERT_OK_AND_ASSIGN(read, Read());
  EXPECT_THAT(graph_.requests(), SizeIs(before + 3));
  EXPECT_FALSE(read.complete());
  EXPECT_THAT(read.incomplete_reasons(),
              ElementsAre(HasSubstr("The tenant did not show them.")));
}

TEST_F(FullReadTest, B12_WhatDoesNotFitIntoMemoryIsRefused) {
  struct Case {
    std::string name;
    ReadLimits limits;
    bool fits;
  };
  const SourceId inner(1, 2);
  const Answer members = List(absl::StrCat(
      Object(kUser, R"("@odata.type":"#microsoft.graph.user")"), ",",
      Object(SourceId(2, 3), R"("@odata.type":"#microsoft.graph.user")"), ",",
      Object(inner, R"("@odata.type":"#microsoft.graph.group")")));
  for (const Case& each :
       {Case{"everything fits", {.groups = 2, .memberships = 4}, true},
        Case{"too many groups", {.groups = 1}, false},
        Case{"too long a list", {.memberships = 2}, false},
        Case{"lists that are too long together", {.memberships = 3}, false}}) {
    SCOPED_TRACE(each.name);
    limits_ = each.limits;
    graph_.Say(
        {members,
         List(absl::StrCat(
             Object(kUser, R"("@odata.type":"#microsoft.graph.user")"), ",",
             Object(SourceId(2, 3),
                    R"("@odata.type":"#microsoft.graph.user")"))),
         Groups(),
         List(absl::StrCat(
             Object(kUser, R"("userPrincipalName":"a@b.c")"), ",",
             Object(SourceId(2, 3), R"("userPrincipalName":"b@b.c")")))});
    const auto read = Read();
    if (each.fits) {
      EXPECT_OK(read);
    } else {
      EXPECT_THAT(read, StatusIs(StatusCode::kResourceExhausted,
                                 "DIRECTORY_TOO_LARGE"));
    }
  }
}

}  // namespace
}  // namespace rollcall::directory
