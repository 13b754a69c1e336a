// For tests: somebody who follows a directory as reconciliation does, and must
// have the truth after every round.
#ifndef ROLLCALL_TESTS_SYSTEM_DIRECTORY_FOLLOWER_H_
#define ROLLCALL_TESTS_SYSTEM_DIRECTORY_FOLLOWER_H_

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/audit_slice.h"
#include "services/directory/mirror_view.h"
#include "tests/fakes/entra/random_timeline.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {

// Keeps what the streams told, as reconciliation does.
class Follower {
 public:
  // False if the stream failed.
  bool Take(const Streamed& streamed) {
    if (!streamed.status.ok()) return false;
    if (streamed.header->mode() == v1::StreamDesiredStateRequest::FULL) {
      users_.clear();
    }
    for (const v1::DesiredUser& user : streamed.users) {
      users_[user.source_id()] = user;
    }
    for (const v1::GoneUser& gone : streamed.gone) {
      users_.erase(gone.source_id());
    }
    groups_ = streamed.groups;
    cursor_ = streamed.trailer->change_cursor();
    return true;
  }

  const std::string& cursor() const { return cursor_; }

  std::vector<std::string> UserLines() const {
    Streamed all;
    for (const auto& [id, user] : users_) all.users.push_back(user);
    return Lines(all);
  }

  void ExpectMemberCounts() const {
    for (const v1::DesiredGroup& group : groups_) {
      int64_t count = 0;
      for (const auto& [id, user] : users_) {
        const auto& ids = user.group_source_ids();
        count += std::count(ids.begin(), ids.end(), group.source_id());
      }
      EXPECT_EQ(group.member_count(), count) << group.display_name();
    }
  }

 private:
  std::map<std::string, v1::DesiredUser> users_;
  std::vector<v1::DesiredGroup> groups_;
  std::string cursor_;
};

class ChangesTest : public ::testing::Test {
 protected:
  ChangesTest() : world_({.users = 200, .groups = 40, .seed = 21}) {}

  void Begin(const std::vector<std::string>& groups = kDepartments) {
    groups_ = groups;
    world_.Configure(groups_, options_);
    ASSERT_TRUE(follower_.Take(world_.Stream()));
    ExpectTruth();
  }

  // One round, after which the follower has the truth.
  Streamed Round() {
    const Streamed changes = world_.Changes(follower_.cursor());
    EXPECT_OK(changes.status);
    follower_.Take(changes);
    ExpectTruth();
    return changes;
  }

  void ExpectTruth() {
    const std::vector<std::string> told = follower_.UserLines();
    const std::vector<std::string> truth =
        ExpectedLines(world_.emulator(), groups_, options_);
    EXPECT_THAT(Less(told, truth), ::testing::IsEmpty()) << "are not true";
    EXPECT_THAT(Less(truth, told), ::testing::IsEmpty()) << "were not told";
    follower_.ExpectMemberCounts();
    ExpectRowCount();
  }

  // The mirror knows how many users the audit has to verify.
  void ExpectRowCount() {
    const auto mirror = MirrorView::Open(
        world_.store(), DirectoryName(AccountName("acme"), "d1"));
    ASSERT_OK(mirror);
    const auto rows = CountUserRows(**mirror);
    ASSERT_OK(rows);
    EXPECT_EQ((*mirror)->mirror().counts().rows(), *rows);
  }

  // What is in one and not in the other.
  static std::vector<std::string> Less(const std::vector<std::string>& one,
                                       const std::vector<std::string>& other) {
    std::vector<std::string> rest;
    std::set_difference(one.begin(), one.end(), other.begin(), other.end(),
                        std::back_inserter(rest));
    return rest;
  }

  entra::Tenant& tenant() { return world_.emulator().tenant(); }
  std::string AddUser(const std::string& short_name) {
    entra::UserFields fields;
    fields.user_principal_name = tenant().UnusedUpn(short_name);
    fields.display_name = short_name;
    fields.enabled = true;
    auto id = tenant().AddUser(fields);
    EXPECT_OK(id);
    return *id;
  }
  // What a timeline leaves alone.
  entra::TimelineOptions Kept() {
    entra::TimelineOptions options;
    for (const std::string& name : groups_) {
      options.keep_groups.push_back(world_.GroupId(name));
    }
    options.hide_memberships = false;
    return options;
  }
  std::string AddGroup(const std::string& name) {
    auto id = tenant().AddGroup(name);
    EXPECT_OK(id);
    return *id;
  }

  World world_;
  v1::Directory options_;
  std::vector<std::string> groups_;
  Follower follower_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIRECTORY_FOLLOWER_H_
