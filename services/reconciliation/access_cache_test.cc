// What CheckAccess remembers is never older than what was acknowledged: every
// answer is compared with one that is read from the store.
#include "services/reconciliation/access_cache.h"

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/rpc/access_policy.h"
#include "common/store/faulty_store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/watched_store.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kUsers = 6;
constexpr int kGroups = 3;

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.UserService"});
  EXPECT_OK(policy.status());
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

class AccessCacheTest : public ::testing::Test {
 protected:
  AccessCacheTest() {
    for (const char* account : {"acme", "other"}) {
      for (int g = 0; g < kGroups; ++g) PutGroup(account, Group_(g));
      for (int u = 0; u < kUsers; ++u) PutUser(account, User_(u));
    }
  }

  static User User_(int n) {
    User user{.id = absl::StrCat("u", n), .username = absl::StrCat("name", n)};
    user.groups = {absl::StrCat("g", n % kGroups)};
    user.devices.resize(1);
    return user;
  }
  static Group Group_(int n, GroupStatus status = GroupStatus::kActive) {
    return {.id = absl::StrCat("g", n),
            .display_name = absl::StrCat("Group ", n),
            .status = status};
  }

  absl::Status TryPutUser(const std::string& account, const User& user) {
    auto transaction = store.Begin(account);
    if (!transaction.ok()) return transaction.status();
    auto before = (*transaction)->identities().FindUser(user.id);
    if (!before.ok()) return before.status();
    const User* old = before->has_value() ? &(*before)->user : nullptr;
    EXPECT_OK((*transaction)->PutUser(old, user, store::UserMarkRow()));
    return (*transaction)->Commit();
  }
  void PutUser(const std::string& account, const User& user) {
    EXPECT_OK(TryPutUser(account, user));
  }
  void DeleteUser(const std::string& account, const std::string& id) {
    ASSERT_OK_AND_ASSIGN(auto transaction, store.Begin(account));
    ASSERT_OK_AND_ASSIGN(auto before, transaction->identities().FindUser(id));
    if (!before.has_value()) return;
    EXPECT_OK(transaction->DeleteUser(before->user));
    EXPECT_OK(transaction->Commit());
  }
  void PutGroup(const std::string& account, const Group& group) {
    ASSERT_OK_AND_ASSIGN(auto transaction, store.Begin(account));
    ASSERT_OK_AND_ASSIGN(auto before,
                         transaction->identities().FindGroup(group.id));
    const Group* old = before.has_value() ? &before->group : nullptr;
    EXPECT_OK(transaction->PutGroup(old, group, store::GroupMarkRow()));
    EXPECT_OK(transaction->Commit());
  }

  static std::string Ask(const UserServiceImpl& service,
                         const std::string& account,
                         const std::string& username) {
    v1::CheckAccessRequest request;
    request.set_parent("accounts/" + account);
    request.set_username(username);
    const auto response = service.CheckAccess(request);
    EXPECT_OK(response.status());
    return response.ok() ? response->ShortDebugString() : "";
  }
  std::string Ask(const std::string& username) {
    return Ask(remembering, "acme", username);
  }
  // What is remembered now, and what is read anew and then remembered.
  void ExpectTheTruth(const std::string& what) {
    for (const char* account : {"acme", "other"}) {
      for (int u = 0; u < kUsers; ++u) {
        const std::string username = absl::StrCat("name", u);
        const std::string truth = Ask(forgetful, account, username);
        ASSERT_EQ(Ask(remembering, account, username), truth) << what;
        ASSERT_EQ(Ask(remembering, account, username), truth) << what;
      }
    }
  }

  World world;
  AccessCache cache{/*max_users=*/2 * kUsers};
  WatchedStore watched{*world.faulty, cache};
  IdentityStore store{watched};
  UserWriterOptions options{.store = store,
                            .directory = world.directory_service,
                            .clock = world.clock,
                            .make_id = [] { return "unused"; }};
  UserServiceImpl remembering{options, MakeEdge(), &cache};
  UserServiceImpl forgetful{options, MakeEdge()};
};

TEST_F(AccessCacheTest, B13_AnswersFromMemoryUntilTheUserChanges) {
  EXPECT_EQ(cache.Find("acme", "name1"), absl::nullopt);
  const std::string allowed = Ask("name1");
  ASSERT_TRUE(cache.Find("acme", "name1").has_value());
  EXPECT_EQ(cache.Find("acme", "name1")->decision.reason, "USER_ACTIVE");
  EXPECT_EQ(cache.Find("other", "name1"), absl::nullopt);
  EXPECT_EQ(Ask("name1"), allowed);
  PutUser("acme", User_(2));
  EXPECT_TRUE(cache.Find("acme", "name1").has_value()) << "somebody else";
  PutUser("other", User_(1));
  EXPECT_TRUE(cache.Find("acme", "name1").has_value()) << "another account";
  PutUser("acme", User_(1));
  EXPECT_EQ(cache.Find("acme", "name1"), absl::nullopt);
}

TEST_F(AccessCacheTest, B13_StrangersAreNotRemembered) {
  EXPECT_THAT(Ask("nobody"), ::testing::HasSubstr("USER_UNKNOWN"));
  EXPECT_EQ(cache.size(), 0u);
  User user = User_(0);
  user.username = "nobody";
  PutUser("acme", user);
  EXPECT_THAT(Ask("nobody"), ::testing::HasSubstr("USER_ACTIVE"));
}

// Members come and go all the time; only what shuts them out counts.
TEST_F(AccessCacheTest, B13_R53_AGroupsStatusCountsAtOnceItsSizeDoesNot) {
  Ask("name1");
  User other = User_(2);
  other.groups = {"g1", "g2"};
  PutUser("acme", other);
  EXPECT_TRUE(cache.Find("acme", "name1").has_value());
  PutGroup("acme", Group_(0, GroupStatus::kDisabled));
  EXPECT_TRUE(cache.Find("acme", "name1").has_value()) << "not its group";
  PutGroup("acme", Group_(1, GroupStatus::kDisabled));
  EXPECT_THAT(Ask("name1"), ::testing::HasSubstr("GROUP_DISABLED"));
  PutGroup("acme", Group_(1, GroupStatus::kBypass));
  EXPECT_THAT(Ask("name1"), ::testing::HasSubstr("GROUP_BYPASS"));
}

// Somebody has read before the commit and comes to keep it after.
TEST_F(AccessCacheTest, B13_AnOldReadingIsNotKept) {
  Ask("name1");
  const KnownAccess old = *cache.Find("acme", "name1");
  const uint64_t commits = cache.commits();
  User disabled = User_(1);
  disabled.status = UserStatus::kDisabled;
  PutUser("acme", disabled);
  cache.Keep(commits, "acme", "name1", old, {Group_(1)});
  EXPECT_EQ(cache.Find("acme", "name1"), absl::nullopt);
  EXPECT_THAT(Ask("name1"), ::testing::HasSubstr("USER_DISABLED"));
}

// The store fails, and nobody knows whether it has written.
TEST_F(AccessCacheTest, B13_ACommitOfUnknownOutcomeIsReadAgain) {
  for (const auto outcome :
       {rollcall::store::FaultyStore::Outcome::kWritten,
        rollcall::store::FaultyStore::Outcome::kNotWritten}) {
    PutUser("acme", User_(1));
    Ask("name1");
    User disabled = User_(1);
    disabled.status = UserStatus::kDisabled;
    world.faulty->FailCommit(1, outcome);
    EXPECT_FALSE(TryPutUser("acme", disabled).ok());
    world.faulty->Heal();
    ExpectTheTruth("after a failure");
  }
}

TEST_F(AccessCacheTest, B13_ItBeginsAnewWhenItIsFull) {
  for (int u = 10; u < 10 + 5 * kUsers; ++u) {
    PutUser("acme", User_(u));
    Ask(absl::StrCat("name", u));
    EXPECT_LE(cache.size(), 2u * kUsers);
    EXPECT_TRUE(cache.Find("acme", absl::StrCat("name", u)).has_value());
  }
  ExpectTheTruth("after many");
}

TEST_F(AccessCacheTest, B13_EveryWriteShowsInTheNextAnswer) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::minstd_rand random(seed);
    const auto one_of = [&](int n) {
      return static_cast<int>(random() % static_cast<unsigned>(n));
    };
    for (int step = 0; step < 60; ++step) {
      const std::string account = one_of(3) == 0 ? "other" : "acme";
      const int what = one_of(8);
      if (what == 0) {
        DeleteUser(account, absl::StrCat("u", one_of(kUsers)));
      } else if (what == 1) {
        PutGroup(account,
                 Group_(one_of(kGroups), static_cast<GroupStatus>(one_of(3))));
      } else {
        User user = User_(one_of(kUsers));
        user.status = static_cast<UserStatus>(one_of(3));
        user.devices.resize(static_cast<size_t>(one_of(2)));
        if (one_of(4) == 0) user.delete_time = absl::UnixEpoch();
        user.groups.clear();
        for (int g = 0; g < kGroups; ++g) {
          if (one_of(2) == 0) user.groups.push_back(absl::StrCat("g", g));
        }
        // Another's old name, if it is free.
        const std::string name = absl::StrCat("name", one_of(kUsers));
        ASSERT_OK_AND_ASSIGN(
            auto owner, store.Identities(account).FindUserByUsername(name));
        user.username = !owner.has_value() || owner->user.id == user.id
                            ? name
                            : absl::StrCat("spare", seed, "-", step);
        PutUser(account, user);
      }
      ExpectTheTruth(absl::StrCat("seed ", seed, ", step ", step));
    }
  }
}

// Others ask all the time, and keep what they read.
TEST_F(AccessCacheTest, B13_WhoIsDisabledIsRefusedAtTheVeryNextCall) {
  std::atomic<bool> done = false;
  std::vector<std::thread> others;
  for (int i = 0; i < 2; ++i) {
    others.emplace_back([&] {
      while (!done) Ask("name1");
    });
  }
  for (int round = 0; round < 200; ++round) {
    User user = User_(1);
    user.status = UserStatus::kDisabled;
    PutUser("acme", user);
    EXPECT_THAT(Ask("name1"), ::testing::HasSubstr("USER_DISABLED"));
    PutUser("acme", User_(1));
    EXPECT_THAT(Ask("name1"), ::testing::HasSubstr("USER_ACTIVE"));
  }
  done = true;
  for (std::thread& other : others) other.join();
}

}  // namespace
}  // namespace rollcall::reconciliation
