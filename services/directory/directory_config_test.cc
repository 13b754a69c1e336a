#include "services/directory/directory_config.h"

#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;

DirectoryConfig Good() {
  return {.display_name = "Head office",
          .connection = "accounts/acme/connections/c1"};
}

std::vector<SourceId> Groups(uint64_t count) {
  std::vector<SourceId> groups;
  for (uint64_t i = 0; i < count; ++i) groups.push_back(SourceId(1, i));
  return groups;
}

TEST(DirectoryConfig, R14_EverythingIsOffByDefault) {
  const DirectoryConfig config;
  EXPECT_FALSE(config.enrollment_mail_enabled);
  EXPECT_FALSE(config.phone_import_enabled);
  EXPECT_FALSE(config.username_normalization_enabled);
  EXPECT_EQ(config.guest_policy, GuestPolicy::kImport);  // A23
}

TEST(DirectoryConfig, R17_400GroupsAreSavedAnd401AreRefused) {
  DirectoryConfig config = Good();
  config.selected_groups = Groups(400);
  EXPECT_OK(Validate(config));
  config.selected_groups = Groups(401);
  EXPECT_THAT(Validate(config),
              StatusIs(absl::StatusCode::kInvalidArgument, "TOO_MANY_GROUPS"));
}

TEST(DirectoryConfig, AGroupSelectedTwiceIsSelectedOnce) {
  DirectoryConfig config = Good();
  config.selected_groups = {SourceId(0, 2), SourceId(0, 1), SourceId(0, 2)};
  const auto validated = Validate(config);
  ASSERT_OK(validated);
  EXPECT_EQ(validated->selected_groups,
            (std::vector<SourceId>{SourceId(0, 2), SourceId(0, 1)}));
}

TEST(DirectoryConfig, RefusesBadNames) {
  for (const std::string& name :
       {std::string(), std::string("  "), std::string(257, 'x'),
        std::string("a\nb"), std::string("a\xff")}) {
    DirectoryConfig config = Good();
    config.display_name = name;
    EXPECT_THAT(Validate(config), StatusIs(absl::StatusCode::kInvalidArgument,
                                           "DISPLAY_NAME_INVALID"))
        << name;
  }
}

TEST(DirectoryConfig, R42_TheRegionIsTwoLetters) {
  DirectoryConfig config = Good();
  config.default_region_code = "gb";
  ASSERT_OK(Validate(config));
  EXPECT_EQ(Validate(config)->default_region_code, "GB");
  for (const char* region : {"G", "GBR", "44", "G "}) {
    config.default_region_code = region;
    EXPECT_THAT(Validate(config),
                StatusIs(absl::StatusCode::kInvalidArgument, "REGION_INVALID"))
        << region;
  }
}

TEST(ApplyUpdate, NoMaskChangesWhatIsSet) {
  DirectoryConfig update;
  update.phone_import_enabled = true;
  const auto result = ApplyUpdate(Good(), update, {});
  ASSERT_OK(result);
  DirectoryConfig expected = Good();
  expected.phone_import_enabled = true;
  EXPECT_EQ(*result, expected);
}

TEST(ApplyUpdate, AMaskClearsToo) {
  DirectoryConfig current = Good();
  current.phone_import_enabled = true;
  current.selected_groups = Groups(3);
  const auto result =
      ApplyUpdate(current, {}, {"phone_import_enabled", "selected_groups"});
  ASSERT_OK(result);
  EXPECT_EQ(*result, Good());
}

TEST(ApplyUpdate, AStarReplacesAll) {
  DirectoryConfig current = Good();
  current.selected_groups = Groups(3);
  DirectoryConfig update = Good();
  update.display_name = "Branch";
  const auto result = ApplyUpdate(current, update, {"*"});
  ASSERT_OK(result);
  EXPECT_EQ(*result, update);
}

TEST(ApplyUpdate, OutputOnlyPathsAreIgnored) {
  const auto result = ApplyUpdate(
      Good(), {},
      {"name", "state", "directory_key", "etag", "create_time", "update_time"});
  ASSERT_OK(result);
  EXPECT_EQ(*result, Good());
}

TEST(ApplyUpdate, UnknownPathsAreRefused) {
  for (const char* path : {"colour", "selected_groups.source_id", ""}) {
    EXPECT_THAT(
        ApplyUpdate(Good(), Good(), {"display_name", path}),
        StatusIs(absl::StatusCode::kInvalidArgument, "MASK_PATH_UNKNOWN"));
  }
}

TEST(ApplyUpdate, TheConnectionStays) {
  DirectoryConfig update = Good();
  EXPECT_OK(ApplyUpdate(Good(), update, {"connection"}));
  update.connection = "accounts/acme/connections/c2";
  EXPECT_THAT(ApplyUpdate(Good(), update, {"connection"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "FIELD_IMMUTABLE"));
  EXPECT_THAT(ApplyUpdate(Good(), update, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, "FIELD_IMMUTABLE"));
}

TEST(StateOf, TheMostUrgentWins) {
  using enum DirectoryState;
  EXPECT_EQ(StateOf({}), kSetupIncomplete);
  EXPECT_EQ(StateOf({.has_selected_group = true}), kConnected);  // R7
  EXPECT_EQ(
      StateOf({.has_selected_group = true, .selected_group_missing = true}),
      kNeedsAttention);  // A7
  EXPECT_EQ(StateOf({.reauthorization_required = true,
                     .has_selected_group = true,
                     .selected_group_missing = true}),
            kReauthorizationRequired);  // R8
  EXPECT_EQ(StateOf({.reauthorization_required = true}),
            kReauthorizationRequired);
}

}  // namespace
}  // namespace rollcall::directory
