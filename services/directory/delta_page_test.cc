#include "services/directory/delta_page.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;

constexpr char kId[] = "37de1ae3-408f-4702-8636-20824abda004";
constexpr char kOtherId[] = "632f6bb2-3ec8-4c1f-9073-0027a8c6859d";
constexpr char kLink[] =
    R"("@odata.deltaLink":"https://graph.test/v1.0/users/delta?$deltatoken=t")";

// A last page; ID and OTHER stand for ids.
std::string PageOf(absl::string_view objects) {
  return absl::StrReplaceAll(absl::StrCat(R"({"@odata.context":7,)", kLink,
                                          R"(,"value":[)", objects, "]}"),
                             {{"ID", kId}, {"OTHER", kOtherId}});
}

TEST(DeltaPage, Section2_5_AbsentNullAndValueAreThreeThings) {
  const auto page = ParseUserDelta(PageOf(
      R"({"id":"ID","displayName":"Zoë","mail":null,"newProperty":{"a":[1]}})"));
  ASSERT_OK(page);
  ASSERT_EQ(page->items.size(), 1u);
  const UserChange& change = page->items[0];
  EXPECT_EQ(change.user.id.ToString(), kId);
  EXPECT_EQ(change.user.display_name.value(), "Zoë");
  EXPECT_TRUE(change.user.mail.is_null());
  EXPECT_TRUE(change.user.account_enabled.is_absent());
  EXPECT_EQ(change.removal, absl::nullopt);
  EXPECT_EQ(page->delta_link,
            "https://graph.test/v1.0/users/delta?$deltatoken=t");
  EXPECT_EQ(page->next_link, absl::nullopt);
}

struct RemovedRow {
  const char* name;
  const char* annotation;
  Removal removal;
};
class Removed : public ::testing::TestWithParam<RemovedRow> {};

TEST_P(Removed, Fault12_IsReadOfUsersAndOfGroups) {
  const std::string object =
      absl::StrCat(R"({"@removed":)", GetParam().annotation, R"(,"id":"ID"})");
  const auto users = ParseUserDelta(PageOf(object));
  ASSERT_OK(users);
  ASSERT_EQ(users->items.size(), 1u);
  EXPECT_EQ(users->items[0].removal, GetParam().removal);
  const auto groups = ParseGroupDelta(PageOf(object));
  ASSERT_OK(groups);
  ASSERT_EQ(groups->items.size(), 1u);
  EXPECT_EQ(groups->items[0].removal, GetParam().removal);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Removed,
    ::testing::Values(
        RemovedRow{"Changed", R"({"reason":"changed"})", Removal::kRestorable},
        RemovedRow{"Deleted", R"({"reason":"deleted"})", Removal::kFinal},
        RemovedRow{"AnyCase", R"({"reason":"Deleted"})", Removal::kFinal},
        RemovedRow{"Unknown", R"({"reason":"archived"})", Removal::kRestorable},
        RemovedRow{"NullReason", R"({"reason":null})", Removal::kRestorable},
        RemovedRow{"NoReason", R"({})", Removal::kRestorable},
        RemovedRow{"AsInNotifications", R"("deleted")", Removal::kFinal}),
    [](const auto& row) { return row.param.name; });

TEST(DeltaPage, Section2_5_MembersComeAndGoInArrivalOrder) {
  const auto page = ParseGroupDelta(PageOf(
      R"({"id":"ID","displayName":"Ops","members@delta":[
        {"@odata.type":"#microsoft.graph.user","id":"OTHER"},
        {"@odata.type":"#microsoft.graph.group","id":"ID","@removed":{"reason":"deleted"}},
        {"@odata.type":"#microsoft.graph.user","id":"OTHER","@removed":{"reason":"deleted"}},
        {"@odata.type":"#microsoft.graph.user","id":"OTHER"}]},
      {"id":"ID","members@delta":[]})"));
  ASSERT_OK(page);
  ASSERT_EQ(page->items.size(), 2u);  // Slices are not merged here.
  const std::vector<MemberChange>& members = page->items[0].members;
  ASSERT_EQ(members.size(), 4u);
  EXPECT_EQ(members[0].member.kind, MemberKind::kUser);
  EXPECT_FALSE(members[0].removed);
  EXPECT_EQ(members[1].member.kind, MemberKind::kGroup);
  EXPECT_EQ(members[1].member.id.ToString(), kId);
  EXPECT_TRUE(members[1].removed);
  EXPECT_TRUE(members[2].removed);
  EXPECT_FALSE(members[3].removed);
  EXPECT_TRUE(page->items[1].members.empty());
  EXPECT_TRUE(page->items[1].group.display_name.is_absent());
}

TEST(DeltaPage, Fault1_AnEmptyPageMayLeadOn) {
  const auto page = ParseUserDelta(
      R"({"value":[],"@odata.nextLink":"https://graph.test/v1.0/x?$skiptoken=a"})");
  ASSERT_OK(page);
  EXPECT_TRUE(page->items.empty());
  EXPECT_EQ(page->next_link, "https://graph.test/v1.0/x?$skiptoken=a");
  EXPECT_EQ(page->delta_link, absl::nullopt);
}

TEST(DeltaPage, Section2_5_LeadsToExactlyOnePlace) {
  for (absl::string_view body :
       {R"({"value":[]})", R"({"value":[],"@odata.nextLink":null})",
        R"({"value":[],"@odata.nextLink":"a","@odata.deltaLink":"b"})",
        R"({"value":[],"@odata.deltaLink":"a","@odata.deltaLink":"a"})",
        R"({"value":[],"@odata.deltaLink":""})",
        R"({"value":[],"@odata.deltaLink":7})",
        R"({"value":{},"@odata.deltaLink":"a"})",
        R"({"value":[],"@odata.deltaLink":"a","error":{"code":"x"}})",
        R"({"@odata.deltaLink":"a"})", R"({"value":[{"id")", "<html>", ""}) {
    EXPECT_THAT(ParseUserDelta(body),
                StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_MALFORMED"))
        << body;
    EXPECT_THAT(ParseGroupDelta(body),
                StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_MALFORMED"))
        << body;
  }
}

struct Hostile {
  const char* name;
  std::string object;
  const char* reason;
};
class HostileChange : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileChange, Section5_8_IsLeftOutAndItsNeighbourStays) {
  const std::string body =
      PageOf(absl::StrCat(GetParam().object, R"(,{"id":"OTHER"})"));
  const auto users = ParseUserDelta(body);
  ASSERT_OK(users);
  ASSERT_EQ(users->items.size(), 1u);
  EXPECT_EQ(users->items[0].user.id.ToString(), kOtherId);
  ASSERT_EQ(users->skipped.size(), 1u);
  EXPECT_EQ(users->skipped[0].reason, GetParam().reason);
  const auto groups = ParseGroupDelta(body);
  ASSERT_OK(groups);
  EXPECT_EQ(groups->items.size(), 1u);
  ASSERT_EQ(groups->skipped.size(), 1u);
  EXPECT_EQ(groups->skipped[0].reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, HostileChange,
    ::testing::Values(
        Hostile{"RemovedTwice",
                R"({"id":"ID","@removed":{"reason":"changed"},"@removed":{}})",
                "OBJECT_KEY_TWICE"},
        Hostile{"RemovedNull", R"({"id":"ID","@removed":null})",
                "OBJECT_WRONG_TYPE"},
        Hostile{"RemovedTrue", R"({"id":"ID","@removed":true})",
                "OBJECT_WRONG_TYPE"},
        Hostile{"ReasonNumber", R"({"id":"ID","@removed":{"reason":7}})",
                "OBJECT_WRONG_TYPE"},
        Hostile{"RemovedWithoutId", R"({"@removed":{"reason":"deleted"}})",
                "OBJECT_ID_INVALID"},
        Hostile{"InvalidUtf8", "{\"id\":\"ID\",\"displayName\":\"a\xff\"}",
                "OBJECT_TEXT_INVALID"},
        Hostile{"Nul", R"({"id":"ID","displayName":"a\u0000"})",
                "OBJECT_TEXT_INVALID"},
        Hostile{"NumberNobodyCanHold",
                R"({"id":"ID","displayName":123456789012345678901234567890})",
                "OBJECT_WRONG_TYPE"},
        Hostile{"NotAnObject", R"(["ID"])", "OBJECT_NOT_AN_OBJECT"}),
    [](const auto& row) { return row.param.name; });

TEST(DeltaPage, ABrokenMemberIsToldOfItsGroupAndTheOthersStay) {
  for (absl::string_view member :
       {R"({"id":"OTHER"})",  // Whether it is a user, nobody knows.
        R"({"@odata.type":"#microsoft.graph.user","id":"x"})",
        R"({"@odata.type":"#microsoft.graph.user","id":"ID","@removed":7})",
        R"("ID")", "null"}) {
    const auto page = ParseGroupDelta(PageOf(absl::StrCat(
        R"({"id":"ID","members@delta":[)", member,
        R"(,{"@odata.type":"#microsoft.graph.user","id":"OTHER"}]})")));
    ASSERT_OK(page) << member;
    ASSERT_EQ(page->items.size(), 1u);
    EXPECT_EQ(page->items[0].members.size(), 1u) << member;
    ASSERT_EQ(page->skipped.size(), 1u) << member;
    EXPECT_EQ(page->skipped[0].id->ToString(), kId);
  }
}

TEST(DeltaPage, MembersThatAreNoListCostTheirGroup) {
  const auto page =
      ParseGroupDelta(PageOf(R"({"id":"ID","members@delta":null})"));
  ASSERT_OK(page);
  EXPECT_TRUE(page->items.empty());
  ASSERT_EQ(page->skipped.size(), 1u);
  EXPECT_EQ(page->skipped[0].reason, "OBJECT_WRONG_TYPE");
}

TEST(DeltaPage, KeepsItsLimits) {
  const auto too_large =
      StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_TOO_LARGE");
  EXPECT_THAT(ParseUserDelta(PageOf(""), {.max_bytes = 10}), too_large);
  EXPECT_THAT(ParseUserDelta(PageOf("{},{},{}"), {.max_items = 2}), too_large);
  EXPECT_THAT(ParseUserDelta(PageOf(""), {.max_link_bytes = 10}), too_large);
  // The members of all groups count together.
  const std::string group = R"({"id":"ID","members@delta":[{},{}]})";
  EXPECT_THAT(ParseGroupDelta(PageOf(absl::StrCat(group, ",", group)),
                              {.max_members = 3}),
              too_large);
}

}  // namespace
}  // namespace rollcall::directory
