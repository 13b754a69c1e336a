// Full reads of a local Entra: the stream equals the tenant's truth.
#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/entra/expected.h"
#include "tests/system/directory/read_fixture.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

v1::Directory EverythingOn() {
  v1::Directory options;
  options.set_enrollment_mail_enabled(true);
  options.set_phone_import_enabled(true);
  options.set_username_normalization_enabled(true);
  options.set_default_region_code("GB");
  return options;
}

struct Shape {
  const char* name;
  int64_t users;
  uint64_t seed;
  int depth;
  UserSource source;
  int parallelism;
  std::vector<std::string> groups;

  friend void PrintTo(const Shape& shape, std::ostream* out) {
    *out << shape.name;
  }
};

class WholeTenant : public ::testing::TestWithParam<Shape> {};

TEST_P(WholeTenant, R18_R23_R25_R26_TheStreamIsTheTruth) {
  const Shape& shape = GetParam();
  World world({.users = shape.users,
               .groups = 60,
               .seed = shape.seed,
               .depth = shape.depth},
              {.parallelism = shape.parallelism, .user_source = shape.source});
  const v1::Directory options = EverythingOn();
  world.Configure(shape.groups, options);
  const Streamed streamed = world.Stream();
  ASSERT_OK(streamed.status);
  EXPECT_THAT(streamed.trailer->incomplete_reasons(), IsEmpty());
  EXPECT_TRUE(streamed.trailer->complete());
  EXPECT_EQ(Lines(streamed),
            ExpectedLines(world.emulator(), shape.groups, options));
  EXPECT_TRUE(std::is_sorted(streamed.users.begin(), streamed.users.end(),
                             [](const auto& a, const auto& b) {
                               return a.source_id() < b.source_id();
                             }));

  EXPECT_EQ(streamed.trailer->user_count(),
            static_cast<int64_t>(streamed.users.size()));
  EXPECT_EQ(streamed.trailer->group_count(),
            static_cast<int64_t>(shape.groups.size()));
  EXPECT_TRUE(std::is_sorted(streamed.groups.begin(), streamed.groups.end(),
                             [](const auto& a, const auto& b) {
                               return a.source_id() < b.source_id();
                             }));
  for (const v1::DesiredGroup& group : streamed.groups) {
    EXPECT_EQ(group.member_count(),
              std::count_if(streamed.users.begin(), streamed.users.end(),
                            [&](const v1::DesiredUser& user) {
                              const auto& ids = user.group_source_ids();
                              return std::count(ids.begin(), ids.end(),
                                                group.source_id()) > 0;
                            }))
        << group.display_name();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, WholeTenant,
    ::testing::Values(
        Shape{"Small", 300, 1, 3, UserSource::kBySize, 8, kDepartments},
        Shape{"LargeByList", 3000, 2, 3, UserSource::kBySize, 8, kDepartments},
        Shape{"LargeByIds", 3000, 3, 3, UserSource::kByIds, 8, kDepartments},
        Shape{"OneThread", 2500, 4, 3, UserSource::kList, 1, kDepartments},
        Shape{"Deep", 500, 5, 10, UserSource::kBySize, 8, kDepartments},
        Shape{
            "OneGroupOfMany", 3000, 6, 3, UserSource::kBySize, 8, {"Finance"}},
        Shape{"InnerGroupSelectedToo",
              500,
              7,
              4,
              UserSource::kBySize,
              4,
              {"Engineering", "Engineering Platform", "Engineering Storage",
               "Sales EMEA"}},
        Shape{"InnerGroupAlone",
              500,
              8,
              4,
              UserSource::kList,
              8,
              {"Engineering Storage"}}),
    [](const auto& row) { return row.param.name; });

TEST_F(ReadTest, TheHeaderSaysWhatIsRead) {
  const v1::Directory made = world_.Configure(kDepartments, options_);
  const Streamed streamed = world_.Stream();
  ASSERT_OK(streamed.status);
  EXPECT_EQ(streamed.header->tenant_id(), world_.emulator().tenant_id());
  EXPECT_EQ(streamed.header->directory().etag(), made.etag());
  EXPECT_NE(streamed.header->read_id(), "");
  EXPECT_GT(streamed.progress_messages, 0);
  EXPECT_GT(streamed.trailer->requests(), 0);
}

TEST_F(ReadTest, R14_R31_R38_OptionsOffReadLess) {
  world_.Configure(kDepartments, options_);
  for (const v1::DesiredUser& user : ExpectTruth().users) {
    EXPECT_THAT(user.phones(), IsEmpty());
    EXPECT_FALSE(user.has_phone_data());
  }
}

TEST_F(ReadTest, A23_GuestsCanBeLeftOut) {
  options_.set_guest_policy(v1::Directory::EXCLUDE);
  world_.Configure(kDepartments, options_);
  const Streamed streamed = ExpectTruth();
  EXPECT_GT(streamed.trailer->ignored_members().at("GUEST"), 0);
}

TEST_F(ReadTest, A4_EqualShortNamesCollide) {
  options_.set_username_normalization_enabled(true);
  world_.Configure(kDepartments, options_);
  const Streamed streamed = ExpectTruth();
  EXPECT_EQ(
      std::count_if(streamed.users.begin(), streamed.users.end(),
                    [](const auto& user) { return user.username_collides(); }),
      10);  // Five pairs.
}

TEST_F(ReadTest, B10_R33_ShortNamesCanBeAssumedWithoutBeingConfigured) {
  world_.Configure(kDepartments, options_);
  const std::vector<std::string> long_names =
      ExpectedLines(world_.emulator(), kDepartments, options_);
  v1::Directory shortened = options_;
  shortened.set_username_normalization_enabled(true);
  const std::vector<std::string> short_names =
      ExpectedLines(world_.emulator(), kDepartments, shortened);
  ASSERT_NE(long_names, short_names);

  const Streamed assumed = world_.StreamAssumed();
  ASSERT_OK(assumed.status);
  EXPECT_EQ(Lines(assumed), short_names);
  EXPECT_TRUE(assumed.header->directory().username_normalization_enabled());
  EXPECT_EQ(
      std::count_if(assumed.users.begin(), assumed.users.end(),
                    [](const auto& user) { return user.username_collides(); }),
      10);  // Five pairs.

  // The mirror is what was read; the same read tells it either way.
  const std::string& read_id = assumed.header->read_id();
  const Streamed as_read = world_.Stream(read_id);
  EXPECT_EQ(as_read.header->read_id(), read_id);
  EXPECT_FALSE(as_read.header->directory().username_normalization_enabled());
  EXPECT_EQ(Lines(as_read), long_names);
  EXPECT_EQ(Lines(world_.StreamAssumed(read_id)), short_names);
}

TEST_F(ReadTest, B10_OnlyAFullStreamAssumesShortNames) {
  world_.Configure(kDepartments, options_);
  const Streamed streamed = world_.Stream();
  v1::StreamDesiredStateRequest request;
  request.set_name(streamed.header->directory().name());
  request.set_mode(v1::StreamDesiredStateRequest::CHANGES);
  request.set_change_cursor(streamed.trailer->change_cursor());
  request.set_username_normalization_assumed(true);
  EXPECT_THAT(
      world_.keeper().StreamDesiredState(
          request, [] { return false; }, [](const auto&) { return true; }),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "NORMALIZATION_NOT_ASSUMABLE"));
}

TEST_F(ReadTest, R38_R42_PhonesArriveInTheFormOfTheTarget) {
  options_ = EverythingOn();
  world_.Configure(kDepartments, options_);
  const Streamed streamed = ExpectTruth();
  std::set<std::string> numbers;
  for (const v1::DesiredUser& user : streamed.users) {
    EXPECT_LE(user.phones_size(), 2);
    for (const v1::DesiredPhone& phone : user.phones()) {
      numbers.insert(phone.number());
      EXPECT_EQ(phone.number().front(), '+');
    }
  }
  EXPECT_THAT(numbers, Contains("+441617150105"));
  EXPECT_GT(streamed.trailer->warnings().at("PHONE_MALFORMED"), 0);
}

TEST_F(ReadTest, R27_OtherKindsAreIgnoredAndCounted) {
  world_.Configure(kDepartments, options_);
  const Streamed streamed = world_.Stream();
  const auto expected =
      world_.emulator().tenant().Read([](const entra::TenantState& state) {
        std::vector<entra::ObjectRef> groups;
        for (const std::string& name : kDepartments) {
          groups.push_back(*state.FindGroup(name));
        }
        return entra::Flatten(state, groups);
      });
  const auto& ignored = streamed.trailer->ignored_members();
  const auto count = [&ignored](const char* reason) {
    const auto found = ignored.find(reason);
    return found == ignored.end() ? 0 : found->second;
  };
  EXPECT_EQ(count("DEVICE"), expected.devices);
  EXPECT_EQ(count("CONTACT"), expected.contacts);
}

TEST_F(ReadTest, ASealedReadIsResumedWithoutAskingTheTenant) {
  world_.Configure(kDepartments, options_);
  const Streamed first = ExpectTruth();
  const int64_t requests = world_.emulator().request_count();
  const std::string read_id = first.header->read_id();

  const Streamed again = world_.Stream(read_id);
  EXPECT_EQ(Lines(again), Lines(first));
  EXPECT_TRUE(again.complete());

  const std::string& key = first.users[100].source_id();
  const Streamed rest = world_.Stream(read_id, key);
  ASSERT_OK(rest.status);
  EXPECT_EQ(rest.users.size(), first.users.size() - 101);
  EXPECT_GT(rest.users.front().source_id(), key);
  EXPECT_EQ(rest.groups.size(), first.groups.size());
  EXPECT_EQ(rest.trailer->user_count(), first.trailer->user_count());
  EXPECT_EQ(rest.header->read_id(), read_id);
  EXPECT_EQ(world_.emulator().request_count(), requests);
}

TEST_F(ReadTest, AReadThatIsNotHeldAnyMoreIsMadeAnew) {
  world_.Configure(kDepartments, options_);
  const Streamed first = ExpectTruth();
  const Streamed anew = world_.Stream("gone", first.users.back().source_id());
  EXPECT_NE(anew.header->read_id(), "gone");
  EXPECT_EQ(Lines(anew), Lines(first));  // Whole: the key means nothing there.
}

TEST_F(ReadTest, WhatChangedMeanwhileIsInTheNextRead) {
  world_.Configure(kDepartments, options_);
  const Streamed first = ExpectTruth();
  entra::Tenant& tenant = world_.emulator().tenant();
  EXPECT_OK(tenant.DeleteUser(first.users[0].source_id()));
  EXPECT_OK(tenant.DisableUser(first.users[1].source_id()));
  EXPECT_OK(tenant.RenameUser(first.users[2].source_id(),
                              tenant.UnusedUpn("renamed")));
  EXPECT_OK(tenant.PurgeUser(first.users[3].source_id()));
  EXPECT_OK(tenant.RenameGroup("Finance", "Money"));
  const Streamed second = world_.Stream();
  EXPECT_TRUE(second.complete());
  std::vector<std::string> names = kDepartments;
  std::replace(names.begin(), names.end(), std::string("Finance"),
               std::string("Money"));
  EXPECT_EQ(Lines(second), ExpectedLines(world_.emulator(), names, options_));
}

// ---- Search.

TEST_F(ReadTest, R16_AtMost100GroupsInAStableOrder) {
  World large({.users = 10, .groups = 20, .seed = 5});
  for (int i = 0; i < 101; ++i) {
    EXPECT_OK(large.emulator().tenant().AddGroup(
        absl::StrCat("Matching ", i / 2 * 2, " \"quoted\"")));
  }
  v1::SearchGroupsRequest request;
  request.set_connection("accounts/acme/connections/c1");
  request.set_query("match");
  const auto never = [] { return false; };
  ASSERT_OK_AND_ASSIGN(const v1::SearchGroupsResponse first,
                       large.manager().Search(request, never));
  EXPECT_EQ(first.groups_size(), 100);
  EXPECT_TRUE(first.truncated());
  EXPECT_TRUE(std::is_sorted(first.groups().begin(), first.groups().end(),
                             [](const auto& a, const auto& b) {
                               return std::tie(a.display_name(),
                                               a.source_id()) <
                                      std::tie(b.display_name(), b.source_id());
                             }));
  ASSERT_OK_AND_ASSIGN(const v1::SearchGroupsResponse second,
                       large.manager().Search(request, never));
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());

  request.set_query("Sales");
  ASSERT_OK_AND_ASSIGN(const v1::SearchGroupsResponse sales,
                       large.manager().Search(request, never));
  EXPECT_FALSE(sales.truncated());
  std::vector<std::string> names;
  for (const auto& group : sales.groups()) {
    names.push_back(group.display_name());
  }
  EXPECT_THAT(names, IsSupersetOf({"Sales", "Sales EMEA"}));
  request.set_query("no such group");
  EXPECT_EQ(large.manager().Search(request, never)->groups_size(), 0);
  request.set_query("a\" OR \"mail:x");
  EXPECT_OK(large.manager().Search(request, never));
  request.set_query("");
  EXPECT_EQ(large.manager().Search(request, never)->groups_size(), 100);
  request.set_query("a\nb");
  EXPECT_THAT(large.manager().Search(request, never),
              StatusIs(StatusCode::kInvalidArgument, "QUERY_INVALID"));
}

}  // namespace
}  // namespace rollcall::directory
