// Consumers written from the contract alone keep true copies, whatever happens
// to the rows, to the producer and to themselves (B7).
#include "services/reconciliation/feed_copy.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/rpc/access_policy.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/feed_expiry.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using v1::ChangeEvent;

constexpr char kAccount[] = "accounts/acme";

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.ReconciliationService",
       "rollcall.reconciliation.v1.UserService"});
  EXPECT_OK(policy.status());
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

// A producer whose rows change at random.
class Producer {
 public:
  explicit Producer(std::mt19937& random) : random_(random) {
    for (int n = 1; n <= kGroups; ++n) {
      world.tenant().AddGroup(n, absl::StrCat("Group ", n));
    }
    Start();
    for (int n = 0; n < 6; ++n) ChangeTenant();
    world.Sync();
  }

  // Another process over the same store.
  void Restart() {
    world.Restart();
    Start();
  }

  void DoSomething() {
    switch (Draw(12)) {
      case 0:
      case 1:
        for (int n = Draw(6); n >= 0; --n) ChangeTenant();
        world.Sync("d1", Draw(2) == 0 ? v1::Run::FULL : v1::Run::CHANGES);
        break;
      case 2:
        ChangeTenant();
        (void)world.SyncUser(absl::StrCat("user", Draw(kUsers), "@a.test"));
        break;
      case 3:
        CreateUser();
        break;
      case 4:
        EditUser();
        break;
      case 5:
        DeleteUser();
        break;
      case 6:
        EditGroup();
        break;
      case 7:
      case 8:
        EditMembers();
        break;
      case 9:
        PurgeUser();
        break;
      case 10:
        world.clock.AdvanceTime(absl::Hours(24 * Draw(45)));
        break;
      default:
        Restart();
        break;
    }
  }

  void Expire() {
    while (true) {
      auto pace = expiry_->RunOnce(world.clock.TimeNow());
      ASSERT_OK(pace.status());
      if (*pace == Pace::kRest) break;
    }
    ASSERT_OK(CheckInvariants(*world.store, "acme"));
  }

  absl::Status Watch(
      const v1::WatchChangesRequest& request,
      const std::function<bool(const v1::WatchChangesResponse&)>& write) {
    const rpc::Caller caller{.spiffe_id = "consumer"};
    return runs_->WatchChanges(request, rpc::Call{caller, [] { return false; }},
                               write);
  }

  std::vector<User> Users() {
    return *world.store->Identities("acme").ListUsers("", 10000);
  }
  std::vector<Group> Groups() {
    return *world.store->Identities("acme").ListGroups("", 10000);
  }

  World world;

 private:
  static constexpr int kGroups = 3;
  static constexpr int kUsers = 25;

  int Draw(int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random_);
  }

  void Start() {
    const auto make_id = [this] { return absl::StrCat("made", ++ids_); };
    users_ = std::make_unique<UserServiceImpl>(
        UserWriterOptions{.store = *world.store,
                          .directory = world.directory_service,
                          .clock = world.clock,
                          .make_id = make_id},
        MakeEdge());
    runs_ = std::make_unique<ReconciliationServiceImpl>(
        ReconciliationServiceOptions{.store = *world.store,
                                     .directory = world.directory_service,
                                     .board = world.board,
                                     .clock = world.clock,
                                     .make_id = make_id,
                                     .on_run_started = [] {}},
        MakeEdge());
    expiry_ = std::make_unique<FeedExpiry>(*world.store, absl::Hours(24 * 30));
  }

  void ChangeTenant() {
    const int n = Draw(kUsers);
    FakeTenant& tenant = world.tenant();
    switch (Draw(5)) {
      case 0:
        tenant.RemoveUser(100 + n);
        break;
      case 1:
        if (tenant.users.count(SourceId(100 + n)) == 0) break;
        tenant.UserAt(100 + n).set_display_name(absl::StrCat("x", Draw(99)));
        tenant.UserAt(100 + n).set_enabled(Draw(3) > 0);
        break;
      default:
        tenant.AddUser(100 + n, absl::StrCat("user", n, "@a.test"),
                       Draw(2) == 0 ? std::vector<int>{1 + Draw(kGroups)}
                                    : std::vector<int>{1, 2, 3});
        break;
    }
  }

  // What people do may be refused: by rules that other tests know.
  void CreateUser() {
    v1::CreateUserRequest request;
    request.set_parent(kAccount);
    request.mutable_user()->set_username(
        absl::StrCat("manual", Draw(kUsers), "@a.test"));
    (void)users_->users().Create(request, "somebody");
  }
  std::string AnyUser() {
    const std::vector<User> users = Users();
    if (users.empty()) return absl::StrCat(kAccount, "/users/none");
    return absl::StrCat(kAccount, "/users/",
                        users[Draw(static_cast<int>(users.size()))].id);
  }
  std::string AnyGroup() {
    const std::vector<Group> groups = Groups();
    return absl::StrCat(kAccount, "/groups/",
                        groups[Draw(static_cast<int>(groups.size()))].id);
  }
  void EditUser() {
    v1::SetUserStateRequest state;
    state.set_name(AnyUser());
    state.set_state(Draw(2) == 0 ? v1::User::BYPASS : v1::User::ACTIVE);
    (void)users_->users().SetState(state, "somebody");
    v1::UpdateUserRequest update;
    update.mutable_user()->set_name(AnyUser());
    update.mutable_user()->set_note(absl::StrCat("note ", Draw(99)));
    update.mutable_update_mask()->add_paths("note");
    const absl::Status updated =
        users_->users().Update(update, "somebody").status();
    // The trash and whom the source has disabled are read-only (R51, R58).
    EXPECT_TRUE(updated.ok() || absl::IsFailedPrecondition(updated)) << updated;
  }
  void DeleteUser() {
    v1::DeleteUserRequest request;
    request.set_name(AnyUser());
    (void)users_->users().Delete(request, "somebody");
  }
  void EditGroup() {
    if (Draw(2) == 0) {
      v1::CreateGroupRequest create;
      create.set_parent(kAccount);
      create.mutable_group()->set_display_name(absl::StrCat("Own ", Draw(5)));
      (void)users_->groups().Create(create, "somebody");
    } else if (Draw(3) > 0) {
      v1::SetGroupStateRequest state;
      state.set_name(AnyGroup());
      state.set_state(Draw(2) == 0 ? v1::Group::DISABLED : v1::Group::ACTIVE);
      EXPECT_OK(users_->groups().SetState(state, "somebody").status());
    } else {
      v1::DeleteGroupRequest request;
      request.set_name(AnyGroup());
      (void)users_->groups().Delete(request, "somebody");
    }
  }
  void EditMembers() {
    const std::vector<Group> groups = Groups();
    for (const Group& group : groups) {
      if (!group.directory.empty()) continue;
      const std::string name = absl::StrCat(kAccount, "/groups/", group.id);
      if (Draw(3) > 0) {
        v1::AddGroupMemberRequest add;
        add.set_parent(name);
        add.set_user(AnyUser());
        (void)users_->groups().AddMember(add, "somebody");
      } else {
        v1::RemoveGroupMemberRequest remove;
        remove.set_parent(name);
        remove.set_user(AnyUser());
        (void)users_->groups().RemoveMember(remove, "somebody");
      }
    }
  }
  void PurgeUser() {
    for (const User& user : Users()) {
      if (!user.pending_deletion()) continue;
      v1::PurgeUserRequest request;
      request.set_name(absl::StrCat(kAccount, "/users/", user.id));
      request.set_deletion_epoch(user.deletion_epoch);
      EXPECT_OK(users_->PurgeUser(request).status());
      return;
    }
  }

  std::mt19937& random_;
  int ids_ = 0;
  std::unique_ptr<UserServiceImpl> users_;
  std::unique_ptr<ReconciliationServiceImpl> runs_;
  std::unique_ptr<FeedExpiry> expiry_;
};

// What happened to a consumer on the way.
struct Troubles {
  int expired = 0;
  int lost = 0;
  int broken_snapshots = 0;
  int left = 0;
};

// Reads at most `limit` responses, as a process that dies after them; starts
// over where the contract says so.
void ReadSome(Producer& producer, int limit, FeedCopy& copy,
              std::map<int64_t, std::string>& seen, Troubles& troubles) {
  int taken = 0;
  bool was_in_snapshot = false;
  const absl::Status status = producer.Watch(
      copy.Request(kAccount), [&](const v1::WatchChangesResponse& response) {
        copy.Take(response);
        was_in_snapshot = response.snapshot_sequence() > 0;
        troubles.left += response.event().user_change().left_groups_size() > 0;
        if (response.has_event()) {
          // Whoever reads it and whenever: the same event.
          const ChangeEvent& event = response.event();
          const std::string text = event.DebugString();
          EXPECT_EQ(seen.insert({event.sequence(), text}).first->second, text);
        }
        return ++taken < limit;
      });
  troubles.broken_snapshots += was_in_snapshot;
  if (status.ok()) return;
  ASSERT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  if (ReasonOf(status) == "FEED_HISTORY_LOST") {
    ++troubles.lost;
  } else {
    ASSERT_EQ(ReasonOf(status), "FEED_CURSOR_EXPIRED");
    ++troubles.expired;
  }
  copy.StartOver();
}

bool WantsKind(const FeedCopy& copy, ChangeEvent::Kind kind) {
  return copy.filter_kinds.empty() ||
         std::count(copy.filter_kinds.begin(), copy.filter_kinds.end(), kind);
}

bool IsWanted(const FeedCopy& copy, const std::string& group) {
  return copy.filter_groups.empty() ||
         std::count(copy.filter_groups.begin(), copy.filter_groups.end(),
                    group);
}

// What the copy should have, read from the store.
std::map<std::string, std::string> Expected(Producer& producer,
                                            const FeedCopy& copy) {
  std::map<std::string, std::string> expected;
  for (const User& user : producer.Users()) {
    const v1::User message = ToMessage(user, "acme");
    bool wanted = copy.filter_groups.empty();
    for (const std::string& group : message.groups()) {
      wanted = wanted || IsWanted(copy, group);
    }
    if (!wanted || !WantsKind(copy, ChangeEvent::USER_CHANGE)) continue;
    expected[message.name()] = message.DebugString();
  }
  for (const Group& group : producer.Groups()) {
    v1::Group message = ToMessage(group, "acme");
    message.clear_member_count();  // As the contract says.
    if (!IsWanted(copy, message.name())) continue;
    if (!WantsKind(copy, ChangeEvent::GROUP_CHANGE)) continue;
    expected[message.name()] = message.DebugString();
  }
  return expected;
}

std::map<std::string, std::string> Found(const FeedCopy& copy) {
  std::map<std::string, std::string> found;
  for (const auto& [name, entry] : copy.users) {
    found[name] = entry.user.DebugString();
  }
  for (const auto& [name, entry] : copy.groups) {
    v1::Group group = entry.group;
    group.clear_member_count();
    found[name] = group.DebugString();
  }
  return found;
}

TEST(FeedCopy, B7_ConsumersWrittenFromTheContractKeepTrueCopies) {
  Troubles troubles;
  for (int seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937 random(seed);
    const auto draw = [&](int count) {
      return std::uniform_int_distribution<int>(0, count - 1)(random);
    };
    auto producer = std::make_unique<Producer>(random);
    std::map<int64_t, std::string> seen;
    std::vector<FeedCopy> copies(3);
    const std::vector<Group> groups = producer->Groups();
    for (int n : {0, 1}) {
      copies[1].filter_groups.push_back(
          absl::StrCat(kAccount, "/groups/", groups[n].id));
    }
    copies[2].filter_kinds = {ChangeEvent::USER_CHANGE,
                              ChangeEvent::USER_PURGE};
    for (int step = 0; step < 80; ++step) {
      producer->DoSomething();
      if (draw(6) == 0) producer->Expire();
      if (draw(80) == 0) {
        // The store is lost; a new one fills itself from the tenant.
        producer = std::make_unique<Producer>(random);
        seen.clear();
      }
      FeedCopy& copy = copies[draw(3)];
      ReadSome(*producer, 1 + draw(40), copy, seen, troubles);
      if (draw(10) > 0) continue;
      for (FeedCopy& each : copies) {
        // The second time after starting over.
        for (int n = 0; n < 2; ++n) {
          ReadSome(*producer, 1 << 30, each, seen, troubles);
        }
        ASSERT_EQ(Found(each), Expected(*producer, each)) << "step " << step;
      }
    }
  }
  // The seeds are worth the test only if all that can happen has happened.
  EXPECT_GT(troubles.expired, 5);
  EXPECT_GT(troubles.lost, 10);
  EXPECT_GT(troubles.broken_snapshots, 10);
  EXPECT_GT(troubles.left, 10);
}

}  // namespace
}  // namespace rollcall::reconciliation
