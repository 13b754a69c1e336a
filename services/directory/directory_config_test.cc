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

TEST(DirectoryConfig, B6_TheTenantIsAskedEveryMinuteToEveryDay) {
  const auto validated = [](absl::Duration interval) {
    DirectoryConfig config = Good();
    config.polling_interval = interval;
    return Validate(config);
  };
  EXPECT_OK(validated(absl::Minutes(1)));
  EXPECT_OK(validated(absl::Hours(24)));
  EXPECT_EQ(*validated(kDefaultPollingInterval), Good());
  for (const absl::Duration interval :
       {absl::Minutes(1) - absl::Nanoseconds(1),
        absl::Hours(24) + absl::Nanoseconds(1), absl::ZeroDuration(),
        -absl::Minutes(5), absl::InfiniteDuration()}) {
    EXPECT_THAT(validated(interval),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         "POLLING_INTERVAL_INVALID"))
        << interval;
  }
}

TEST(DirectoryConfig, B2_LimitsArePercentAndCount) {
  const auto validated = [](GuardLimit limit) {
    DirectoryConfig config = Good();
    config.guard_limits.emails_cleared = limit;
    return Validate(config);
  };
  EXPECT_OK(validated({.percent = 0, .count = 0}));
  EXPECT_OK(validated({.percent = 50, .count = 1'000'000}));
  EXPECT_EQ(*validated({.percent = 10, .count = 5}), Good());
  for (const GuardLimit limit :
       {GuardLimit{.percent = -1}, GuardLimit{.percent = 51},
        GuardLimit{.count = -1}, GuardLimit{.count = 1'000'001}}) {
    EXPECT_THAT(validated(limit), StatusIs(absl::StatusCode::kInvalidArgument,
                                           "GUARD_LIMIT_INVALID"))
        << limit.percent << " " << limit.count;
  }
}

TEST(ApplyUpdate, B2_ALimitIsUpdatedByItself) {
  const GuardLimit strict{.percent = 1, .count = 2};
  const GuardLimit loose{.percent = 50, .count = 500};
  DirectoryConfig current = Good();
  current.guard_limits = {.removed = strict, .merged = strict};
  DirectoryConfig update;
  update.guard_limits.removed = loose;

  // Named, or set and nothing named: this one and no other.
  DirectoryConfig expected = current;
  expected.guard_limits.removed = loose;
  EXPECT_EQ(*ApplyUpdate(current, update, {"guard_limits.removed"}), expected);
  EXPECT_EQ(*ApplyUpdate(current, update, {}), expected);
  // All of them named: what is not set has its default again.
  expected.guard_limits = {.removed = loose};
  EXPECT_EQ(*ApplyUpdate(current, update, {"guard_limits"}), expected);
  // To set the default is to set something.
  update.guard_limits = {.removed = GuardLimit()};
  expected.guard_limits = {.merged = strict};
  EXPECT_EQ(*ApplyUpdate(current, update, {}), expected);
}

// It could be set once, and stays until it is changed.
TEST(ApplyUpdate, B2_AStoredLimitOverHalfStandsInNobodysWay) {
  const GuardLimit old{.percent = 80, .count = 5};
  DirectoryConfig current = Good();
  current.guard_limits = {.removed = old, .merged = old};
  DirectoryConfig update = current;
  update.phone_import_enabled = true;
  DirectoryConfig expected = current;
  expected.phone_import_enabled = true;
  EXPECT_EQ(*ApplyUpdate(current, update, {"phone_import_enabled"}), expected);
  EXPECT_EQ(*ApplyUpdate(current, update, {"*"}), expected);
  for (const int percent : {51, 79, 81}) {
    update.guard_limits.removed = GuardLimit{.percent = percent, .count = 5};
    EXPECT_THAT(
        ApplyUpdate(current, update, {"guard_limits.removed"}),
        StatusIs(absl::StatusCode::kInvalidArgument, "GUARD_LIMIT_INVALID"));
  }
  update.guard_limits.removed = GuardLimit{.percent = 50, .count = 5};
  expected = current;
  expected.guard_limits.removed = update.guard_limits.removed;
  EXPECT_EQ(*ApplyUpdate(current, update, {"guard_limits.removed"}), expected);
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
  const auto result =
      ApplyUpdate(Good(), {},
                  {"name", "state", "directory_key", "etag", "create_time",
                   "update_time", "delete_time", "user_disposition"});
  ASSERT_OK(result);
  EXPECT_EQ(*result, Good());
}

TEST(ApplyUpdate, UnknownPathsAreRefused) {
  for (const char* path : {"colour", "selected_groups.source_id",
                           "guard_limits.removed.percent", ""}) {
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
  EXPECT_EQ(StateOf({.deleted = true, .reauthorization_required = true}),
            kDeleted);  // A9
}

}  // namespace
}  // namespace rollcall::directory
