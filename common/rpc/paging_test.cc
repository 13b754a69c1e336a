#include "common/rpc/paging.h"

#include <string>

#include "absl/strings/string_view.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::rpc {
namespace {

using ::rollcall::testing::StatusIs;

TEST(PageSize, IsTheDefaultWhenNotAskedFor) {
  EXPECT_EQ(*ResolvePageSize(0), 50);
  EXPECT_EQ(*ResolvePageSize(0, 1000), 1000);
}

TEST(PageSize, IsWhatWasAskedForUpToTheMaximum) {
  EXPECT_EQ(*ResolvePageSize(1), 1);
  EXPECT_EQ(*ResolvePageSize(1000), 1000);
  EXPECT_EQ(*ResolvePageSize(1001), 1000);
}

TEST(PageSize, IsNeverNegative) {
  EXPECT_THAT(ResolvePageSize(-1), StatusIs(absl::StatusCode::kInvalidArgument,
                                            "PAGE_SIZE_NEGATIVE"));
}

TEST(PageToken, LeadsOnAfterTheLastKey) {
  for (const absl::string_view key :
       {absl::string_view("u1"), absl::string_view("a\0b\xff", 4)}) {
    const std::string token = MakePageToken("ListUsers accounts/acme", key);
    EXPECT_EQ(*ReadPageToken("ListUsers accounts/acme", token), key);
  }
}

TEST(PageToken, IsEmptyForTheFirstPage) {
  EXPECT_EQ(*ReadPageToken("ListUsers accounts/acme", ""), "");
}

TEST(PageToken, BelongsToOneCallOnly) {
  const std::string token = MakePageToken("ListUsers accounts/acme", "u1");
  EXPECT_THAT(
      ReadPageToken("ListUsers accounts/other", token),
      StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID"));
}

TEST(PageToken, DoesNotMixScopeAndKey) {
  EXPECT_THAT(
      ReadPageToken("a", MakePageToken("ab", "c")),
      StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID"));
  EXPECT_NE(MakePageToken("a", "bc"), MakePageToken("ab", "c"));
}

TEST(PageToken, IsRefusedWhenAnyCharacterOfItChanges) {
  const std::string token = MakePageToken("scope", "keys");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(ReadPageToken("scope", changed).ok()) << changed;
  }
}

TEST(PageToken, IsRefusedWhenItIsNoToken) {
  for (const char* token : {"x", "!!!", "AAAAAAAAAAA", "next"}) {
    EXPECT_THAT(
        ReadPageToken("scope", token),
        StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID"))
        << token;
  }
}

TEST(PageRoom, EndsAtItsEntries) {
  PageRoom room(2);
  EXPECT_TRUE(room.Take(10));
  EXPECT_TRUE(room.Take(10));
  EXPECT_FALSE(room.Take(10));
}

TEST(PageRoom, EndsBeforeTwoMebibytes) {
  PageRoom room(1000);
  EXPECT_TRUE(room.Take(1 << 20));
  EXPECT_TRUE(room.Take(1 << 20));
  EXPECT_FALSE(room.Take(1));
}

TEST(PageRoom, HasRoomForOneEntryHoweverLarge) {
  PageRoom room(1000);
  EXPECT_TRUE(room.Take(10 << 20));
  EXPECT_FALSE(room.Take(1));
}

}  // namespace
}  // namespace rollcall::rpc
