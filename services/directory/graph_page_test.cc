#include "services/directory/graph_page.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;

constexpr char kId[] = "37de1ae3-408f-4702-8636-20824abda004";
constexpr char kOtherId[] = "632f6bb2-3ec8-4c1f-9073-0027a8c6859d";

std::string PageOf(absl::string_view objects) {
  return absl::StrCat(R"({"@odata.context":"x","value":[)", objects, "]}");
}

TEST(GraphPage, AbsentNullAndValueAreThreeThings) {
  const auto page = ParseUserPage(PageOf(absl::StrCat(
      R"({"id":")", kId,
      R"(","displayName":"Zoë","mail":null,"accountEnabled":false,)",
      R"("businessPhones":["+1 425 555 0100"],"jobTitle":"unknown to us"})")));
  ASSERT_OK(page);
  ASSERT_EQ(page->items.size(), 1u);
  const SourceUser& user = page->items[0];
  EXPECT_EQ(user.id.ToString(), kId);
  EXPECT_EQ(user.display_name.value(), "Zoë");
  EXPECT_TRUE(user.mail.is_null());
  EXPECT_TRUE(user.mobile_phone.is_absent());
  EXPECT_TRUE(user.account_enabled.has_value());
  EXPECT_FALSE(user.account_enabled.value());
  EXPECT_EQ(user.business_phones.value().size(), 1u);
  EXPECT_FALSE(user.is_limited());
}

TEST(GraphPage, NothingIsLeftOfWhatTheMemoryOfAPageHeldBefore) {
  const std::string full = PageOf(absl::StrCat(
      R"({"id":")", kId, R"(","userPrincipalName":"a@b","displayName":"A",)",
      R"("mail":"a@b","mobilePhone":"1","businessPhones":["2"],)",
      R"("accountEnabled":true,"userType":"Guest"},{"id":")", kOtherId,
      R"("},{"id":"none"},{"id":")", kOtherId, R"("}],)",
      R"("@odata.nextLink":"https://graph/next","x":[)"));
  auto used = ParseUserPage(full);
  ASSERT_OK(used);
  ASSERT_EQ(used->items.size(), 3u);
  ASSERT_EQ(used->skipped.size(), 1u);

  // The broken one in front is read into the memory of the full one.
  const auto page = ParseUserPageInto(
      *std::move(used), PageOf(absl::StrCat(R"({"mail":"x","id":5},{"id":")",
                                            kOtherId, R"("})")));
  ASSERT_OK(page);
  EXPECT_EQ(page->skipped.size(), 1u);
  EXPECT_FALSE(page->next_link.has_value());
  ASSERT_EQ(page->items.size(), 1u);
  const SourceUser& user = page->items[0];
  EXPECT_EQ(user.id.ToString(), kOtherId);
  EXPECT_TRUE(user.user_principal_name.is_absent());
  EXPECT_TRUE(user.display_name.is_absent());
  EXPECT_TRUE(user.mail.is_absent());
  EXPECT_TRUE(user.mobile_phone.is_absent());
  EXPECT_TRUE(user.business_phones.is_absent());
  EXPECT_TRUE(user.account_enabled.is_absent());
  EXPECT_TRUE(user.user_type.is_absent());
  EXPECT_EQ(user.mail.value(), "");
  EXPECT_TRUE(user.business_phones.value().empty());
  EXPECT_FALSE(user.account_enabled.value());
}

TEST(GraphPage, AnObjectWithNothingButItsIdIsLimited) {
  const auto page = ParseUserPage(PageOf(absl::StrCat(
      R"({"id":")", kId, R"(","displayName":null,"userPrincipalName":null,)",
      R"("mail":null,"accountEnabled":null})")));
  ASSERT_OK(page);
  EXPECT_TRUE(page->items.at(0).is_limited());
}

TEST(GraphPage, TellsTheKindsOfMembers) {
  std::string objects;
  for (absl::string_view type : {"user", "group", "device", "orgContact",
                                 "servicePrincipal", "somethingNew"}) {
    absl::StrAppend(&objects, objects.empty() ? "" : ",",
                    R"({"@odata.type":"#microsoft.graph.)", type, R"(","id":")",
                    kId, R"("})");
  }
  const auto page = ParseMemberPage(PageOf(objects));
  ASSERT_OK(page);
  std::vector<MemberKind> kinds;
  for (const SourceMember& member : page->items) kinds.push_back(member.kind);
  EXPECT_EQ(kinds, (std::vector<MemberKind>{
                       MemberKind::kUser, MemberKind::kGroup,
                       MemberKind::kDevice, MemberKind::kContact,
                       MemberKind::kServicePrincipal, MemberKind::kOther}));
}

// Notifications write types with capitals, and nobody promises that lists do
// not: a user that is taken for something else would be missed.
TEST(GraphPage, B3_Section4_AUserIsAUserInAnyCase) {
  const auto page = ParseMemberPage(PageOf(
      absl::StrCat(R"({"@odata.type":"#Microsoft.Graph.User","id":")", kId,
                   R"("},{"@odata.type":"#Microsoft.Graph.Group","id":")",
                   kOtherId, R"("})")));
  ASSERT_OK(page);
  EXPECT_EQ(page->items.at(0).kind, MemberKind::kUser);
  EXPECT_EQ(page->items.at(1).kind, MemberKind::kGroup);
}

TEST(GraphPage, B3_AMemberWithoutATypeMayBeAnybody) {
  const auto page =
      ParseMemberPage(PageOf(absl::StrCat(R"({"id":")", kId, R"("})")));
  ASSERT_OK(page);
  EXPECT_TRUE(page->items.empty());
  ASSERT_EQ(page->skipped.size(), 1u);
  EXPECT_EQ(page->skipped[0].reason, "OBJECT_TYPE_MISSING");
}

TEST(GraphPage, AnEmptyPageMayLeadOn) {
  const auto page = ParseMemberPage(
      R"({"value":[],"@odata.nextLink":"https://graph.test/v1.0/x?$skiptoken=a"})");
  ASSERT_OK(page);
  EXPECT_TRUE(page->items.empty());
  EXPECT_EQ(page->next_link, "https://graph.test/v1.0/x?$skiptoken=a");
}

TEST(GraphPage, AListOfTextsHasABound) {
  const auto user = ParseUser(absl::StrCat(
      R"({"id":")", kId, R"(","businessPhones":["1")",
      absl::StrReplaceAll(std::string(31, 'x'), {{"x", R"(,"1")"}}), "]}"));
  ASSERT_OK(user);
  EXPECT_EQ(user->business_phones.value().size(), 32u);
}

struct Hostile {
  const char* name;
  std::string object;
  const char* reason;
  bool id_known;
};

class HostileObject : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileObject, IsLeftOutAndItsNeighbourStays) {
  const std::string object =
      absl::StrReplaceAll(GetParam().object, {{"ID", kId}});
  const auto page = ParseUserPage(PageOf(absl::StrCat(
      object, R"(,{"id":")", kOtherId, R"(","displayName":"Neighbour"})")));
  ASSERT_OK(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].id.ToString(), kOtherId);
  ASSERT_EQ(page->skipped.size(), 1u);
  EXPECT_EQ(page->skipped[0].reason, GetParam().reason);
  EXPECT_EQ(page->skipped[0].id.has_value(), GetParam().id_known);
}

INSTANTIATE_TEST_SUITE_P(
    Table, HostileObject,
    ::testing::Values(
        Hostile{"InvalidUtf8", "{\"id\":\"ID\",\"displayName\":\"a\xff\"}",
                "OBJECT_TEXT_INVALID", true},
        Hostile{"LoneHighSurrogate", R"({"id":"ID","displayName":"\ud800"})",
                "OBJECT_TEXT_INVALID", true},
        Hostile{"LoneLowSurrogate", R"({"id":"ID","displayName":"\udc00"})",
                "OBJECT_TEXT_INVALID", true},
        Hostile{"EscapedNul", R"({"displayName":"a\u0000b","id":"ID"})",
                "OBJECT_TEXT_INVALID", true},
        Hostile{"RawControlCharacter",
                "{\"id\":\"ID\",\"displayName\":\"a\x01\"}",
                "OBJECT_TEXT_INVALID", true},
        Hostile{"MegabyteName",
                absl::StrCat(R"({"id":"ID","displayName":")",
                             std::string(1 << 20, 'x'), R"("})"),
                "OBJECT_TEXT_TOO_LONG", true},
        Hostile{"TooManyPhones",
                absl::StrCat(R"({"id":"ID","businessPhones":["1")",
                             absl::StrReplaceAll(std::string(32, 'x'),
                                                 {{"x", R"(,"1")"}}),
                             "]}"),
                "OBJECT_TEXT_TOO_LONG", true},
        Hostile{"NumberForName", R"({"id":"ID","displayName":7})",
                "OBJECT_WRONG_TYPE", true},
        Hostile{"NumberPastAllTypes",
                R"({"id":"ID","displayName":123456789012345678901234567890})",
                "OBJECT_WRONG_TYPE", true},
        Hostile{"NumberPastAllTypesForBool",
                R"({"id":"ID","accountEnabled":1e999})", "OBJECT_WRONG_TYPE",
                true},
        Hostile{"NumberPastAllTypesForPhones",
                R"({"id":"ID","businessPhones":-1e999})", "OBJECT_WRONG_TYPE",
                true},
        Hostile{"NumberPastAllTypesAndBrokenText",
                "{\"id\":\"ID\",\"displayName\":\"\xff\",\"x\":1e999}",
                "OBJECT_TEXT_INVALID", true},
        Hostile{"TextForBool", R"({"id":"ID","accountEnabled":"true"})",
                "OBJECT_WRONG_TYPE", true},
        Hostile{"ObjectForPhones", R"({"id":"ID","businessPhones":{}})",
                "OBJECT_WRONG_TYPE", true},
        Hostile{"NumberAmongPhones", R"({"id":"ID","businessPhones":["1",2]})",
                "OBJECT_WRONG_TYPE", true},
        Hostile{"KeyTwice", R"({"id":"ID","mail":"a@b","mail":"c@d"})",
                "OBJECT_KEY_TWICE", true},
        Hostile{"IdTwice",
                R"({"id":"ID","id":"632f6bb2-3ec8-4c1f-9073-0027a8c6859d"})",
                "OBJECT_KEY_TWICE", false},
        Hostile{"IdMissing", R"({"displayName":"x"})", "OBJECT_ID_INVALID",
                false},
        Hostile{"IdNull", R"({"id":null})", "OBJECT_ID_INVALID", false},
        Hostile{"IdNoGuid", R"({"id":"../users"})", "OBJECT_ID_INVALID", false},
        Hostile{"NotAnObject", R"("ID")", "OBJECT_NOT_AN_OBJECT", false}),
    [](const auto& row) { return row.param.name; });

TEST(GraphPage, ABrokenFrameIsNoPage) {
  for (absl::string_view body :
       {"", "<html>Bad Gateway</html>", "[]", "7", R"({"value":{}})",
        R"({"@odata.context":"x"})", R"({"value":[]},)", R"({"value":[{"id":")",
        R"({"value":[],"value":[]})", R"({"value":[],"@odata.nextLink":7})",
        R"({"value":[],"error":{"code":"x"}})"}) {
    EXPECT_THAT(ParseUserPage(body),
                StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_MALFORMED"))
        << body;
  }
}

TEST(GraphPage, KeepsItsLimits) {
  const auto too_large =
      StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_TOO_LARGE");
  EXPECT_THAT(ParseUserPage(PageOf("{}"), {.max_bytes = 10}), too_large);
  EXPECT_THAT(ParseUserPage(PageOf("{},{},{}"), {.max_items = 2}), too_large);
  const std::string deep = absl::StrCat(R"({"a":)", std::string(100, '['),
                                        std::string(100, ']'), "}");
  EXPECT_THAT(ParseUserPage(PageOf(deep)), too_large);
  EXPECT_THAT(ParseUserPage(absl::StrCat(R"({"value":[],"@odata.nextLink":")",
                                         std::string(20'000, 'x'), R"("})")),
              too_large);
}

// No bytes crash it, and what it tells is always within the limits.
TEST(GraphPage, SurvivesMutatedPages) {
  const std::string seed = PageOf(absl::StrCat(
      R"({"id":")", kId, R"(","displayName":"Zo\u00eb","mail":null},)",
      R"({"id":")", kOtherId, R"(","businessPhones":["1"]})"));
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string body = seed;
    for (uint32_t n = 1 + random() % 4; n > 0; --n) {
      body[random() % body.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) body.resize(random() % body.size());
    const auto page = ParseUserPage(body);
    if (page.ok()) {
      EXPECT_LE(page->items.size() + page->skipped.size(), 2u) << body;
    }
  }
}

TEST(GraphPage, ASingleObjectIsReadOrRefused) {
  const auto user =
      ParseUser(absl::StrCat(R"({"@odata.context":"x","id":")", kId, R"("})"));
  ASSERT_OK(user);
  EXPECT_EQ(user->id.ToString(), kId);
  EXPECT_THAT(ParseUser(R"({"id":7})"),
              StatusIs(absl::StatusCode::kDataLoss, "GRAPH_OBJECT_MALFORMED"));
}

// sequenceNumber and its like are not ours, and cost nobody anything.
TEST(GraphPage, Section5_8_NumbersThatAreNotOursAreIgnored) {
  const auto page = ParseUserPage(PageOf(absl::StrCat(
      R"({"id":")", kId, R"(","displayName":"1e999 \"-7","x":1e999,"y":[-5,)",
      "123456789012345678901234567890]}")));
  ASSERT_OK(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].display_name.value(), "1e999 \"-7");
}

TEST(GraphPage, AByteOrderMarkIsNoText) {
  EXPECT_OK(ParseUserPage(absl::StrCat("\xef\xbb\xbf", PageOf(""))));
}

TEST(GraphIds, AreReadOneByOne) {
  const auto page =
      ParseIdPage(PageOf(absl::StrCat("\"", kId, R"(","x",null,{})")));
  ASSERT_OK(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].ToString(), kId);
  EXPECT_EQ(page->skipped.size(), 3u);
}

TEST(GraphErrorCodes, ArePlainAndFew) {
  EXPECT_EQ(ParseErrorCodes("{\"error\":{\"code\":\"a\\nb\xc3\xa4 c\"}}"),
            (std::vector<std::string>{"a?b???c"}));
  const std::string long_code = absl::StrCat(
      R"({"error":{"code":")", std::string(100'000, 'x'), R"("}})");
  EXPECT_EQ(ParseErrorCodes(long_code),
            (std::vector<std::string>{std::string(64, 'x')}));
}

TEST(GraphErrorCodes, AreFoundAtAnyLevel) {
  EXPECT_EQ(ParseErrorCodes(R"({"error":{"code":"a","message":"m",
      "innerError":{"code":"b","innererror":{"code":"c"}}}})"),
            (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(ParseErrorCodes(R"({"error":{"innerError":{"code":"b"}}})"),
            (std::vector<std::string>{"b"}));
  EXPECT_TRUE(ParseErrorCodes("<html></html>").empty());
  EXPECT_TRUE(ParseErrorCodes("").empty());
  EXPECT_TRUE(ParseErrorCodes(R"({"error":"text"})").empty());
}

TEST(GraphCount, IsAPlainNumber) {
  EXPECT_EQ(ParseCount("12345"), 12345);
  EXPECT_EQ(ParseCount("\xef\xbb\xbf"
                       "7\r\n"),
            7);
  EXPECT_FALSE(ParseCount("").has_value());
  EXPECT_FALSE(ParseCount("-1").has_value());
  EXPECT_FALSE(ParseCount(R"({"value":[]})").has_value());
}

}  // namespace
}  // namespace rollcall::directory
