#include "services/reconciliation/invariants.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/identity/resource_name.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/feed_cursor.h"
#include "services/reconciliation/feed_reader.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/principal_names.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::Entry;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::Reader;

// One check of one account. One thread, one use.
class Check {
 public:
  Check(const Reader& reader, const std::string& account,
        const std::string& incarnation)
      : reader_(reader), account_(account), incarnation_(incarnation) {}

  absl::Status Run() {
    RETURN_IF_ERROR(ReadUsers());
    RETURN_IF_ERROR(ReadGroups());
    CompareUsersWithGroups();
    RETURN_IF_ERROR(CompareUsage());
    RETURN_IF_ERROR(CompareIndex("users_by_username", expected_usernames_));
    RETURN_IF_ERROR(CompareIndex("users_by_source", expected_user_sources_));
    RETURN_IF_ERROR(CompareIndex("users_by_upn", expected_principal_names_));
    RETURN_IF_ERROR(CompareIndex("groups_by_name", expected_group_names_));
    RETURN_IF_ERROR(CompareIndex("groups_by_source", expected_group_sources_));
    RETURN_IF_ERROR(CompareIndex("pinned", expected_pins_));
    RETURN_IF_ERROR(CompareMembers());
    RETURN_IF_ERROR(CheckRuns());
    RETURN_IF_ERROR(CheckHeld());
    RETURN_IF_ERROR(CheckLive());
    RETURN_IF_ERROR(CheckFeed());
    if (violations_.empty()) return absl::OkStatus();
    return Internal("INVARIANT_BROKEN", absl::StrJoin(violations_, " "));
  }

 private:
  template <typename... Parts>
  void Violated(const Parts&... parts) {
    violations_.push_back(absl::StrCat(parts...));
  }

  // Hands every entry of a table to `visit`.
  template <typename Visit>
  absl::Status ForEach(absl::string_view table, Visit visit) {
    auto cursor = reader_.Scan(account_, KeyRange::Prefix(keys::Table(table)));
    while (true) {
      ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor->Next());
      if (!entry.has_value()) return absl::OkStatus();
      RETURN_IF_ERROR(visit(*entry));
    }
  }

  void Expect(std::map<std::string, std::string>* index, std::string key,
              const std::string& id) {
    auto [entry, is_new] = index->insert({std::move(key), id});
    if (!is_new) {
      Violated(entry->second, " and ", id, " claim the same index entry.");
    }
  }

  absl::Status ReadUsers() {
    return ForEach("users", [&](const Entry& entry) -> absl::Status {
      std::string id;
      RETURN_IF_ERROR(KeyReader(entry.key).Table("users").String(&id).Finish());
      ASSIGN_OR_RETURN(store::UserRow row,
                       rollcall::store::Parse<store::UserRow>(entry.value));
      User user = FromRow(id, row);
      Expect(&expected_usernames_, keys::UserByUsername(user.username), id);
      std::set<std::string> directories;
      for (const Claim& claim : user.claims) {
        Expect(&expected_user_sources_,
               keys::UserBySource(claim.directory, claim.source_id), id);
        if (!directories.insert(claim.directory).second) {
          Violated("Directory ", claim.directory, " claims user ", id,
                   " twice.");
        }
      }
      if (!user.pinned_by.empty()) {
        Expect(&expected_pins_, keys::Pinned(user.pinned_by, id), "");
      }
      for (std::string& key : PrincipalNameKeys(user)) {
        Expect(&expected_principal_names_, std::move(key), "");
      }
      if (!user.pending_deletion()) {
        for (const std::string& directory : directories) ++live_[directory];
      }
      if (user.pending_deletion() && user.claims.size() > 1) {
        Violated("User ", id, " is in the trash and claimed twice (A6).");
      }
      users_[id] = std::move(user);
      return absl::OkStatus();
    });
  }

  absl::Status ReadGroups() {
    return ForEach("groups", [&](const Entry& entry) -> absl::Status {
      std::string id;
      RETURN_IF_ERROR(
          KeyReader(entry.key).Table("groups").String(&id).Finish());
      ASSIGN_OR_RETURN(store::GroupRow row,
                       rollcall::store::Parse<store::GroupRow>(entry.value));
      Group group = FromRow(id, row);
      Expect(&expected_group_names_,
             keys::GroupByName(GroupNameKey(group.display_name)), id);
      if (!group.directory.empty()) {
        Expect(&expected_group_sources_,
               keys::GroupBySource(group.directory, group.source_id), id);
      }
      groups_[id] = std::move(group);
      return absl::OkStatus();
    });
  }

  void CompareUsersWithGroups() {
    std::map<std::string, int64_t> counted;
    for (const auto& [id, user] : users_) {
      for (size_t i = 0; i < user.groups.size(); ++i) {
        const std::string& group = user.groups[i];
        if (i > 0 && user.groups[i - 1] >= group) {
          Violated("The groups of user ", id, " are not in order.");
        }
        if (groups_.count(group) == 0) {
          Violated("User ", id, " is in group ", group, ", which is unknown.");
        }
        ++counted[group];
        expected_members_.insert(keys::Member(group, id));
      }
    }
    for (const auto& [id, group] : groups_) {
      if (group.member_count != counted[id]) {
        Violated("Group ", id, " says ", group.member_count,
                 " members, but has ", counted[id], ".");
      }
    }
  }

  // The counts of what is billed (A26).
  absl::Status CompareUsage() {
    store::UsageRow counted;
    for (const auto& [id, user] : users_) {
      if (user.pending_deletion()) {
        counted.set_pending_deletion_users(counted.pending_deletion_users() +
                                           1);
      } else if (user.status == UserStatus::kActive) {
        counted.set_active_users(counted.active_users() + 1);
      } else if (user.status == UserStatus::kBypass) {
        counted.set_bypass_users(counted.bypass_users() + 1);
      } else {
        counted.set_disabled_users(counted.disabled_users() + 1);
      }
    }
    ASSIGN_OR_RETURN(const store::UsageRow usage,
                     IdentityReader(reader_, account_).Usage());
    if (usage.SerializeAsString() != counted.SerializeAsString()) {
      Violated("The usage says ", usage.ShortDebugString(), ", but there are ",
               counted.ShortDebugString(), ".");
    }
    return absl::OkStatus();
  }

  absl::Status CompareIndex(
      absl::string_view table,
      const std::map<std::string, std::string>& expected) {
    size_t found = 0;
    RETURN_IF_ERROR(ForEach(table, [&](const Entry& entry) -> absl::Status {
      ASSIGN_OR_RETURN(store::IdRow row,
                       rollcall::store::Parse<store::IdRow>(entry.value));
      auto match = expected.find(entry.key);
      if (match == expected.end() || match->second != row.id()) {
        Violated("An entry of ", table, " leads to ", row.id(),
                 ", which does not lead back.");
      } else {
        ++found;
      }
      return absl::OkStatus();
    }));
    if (found != expected.size()) {
      Violated(expected.size() - found, " entries of ", table, " are missing.");
    }
    return absl::OkStatus();
  }

  absl::Status CompareMembers() {
    size_t found = 0;
    RETURN_IF_ERROR(ForEach("users_by_group", [&](const Entry& entry) {
      if (expected_members_.count(entry.key) == 0) {
        Violated("A membership row has no user that says the same.");
      } else {
        ++found;
      }
      return absl::OkStatus();
    }));
    if (found != expected_members_.size()) {
      Violated(expected_members_.size() - found,
               " membership rows are missing.");
    }
    return absl::OkStatus();
  }

  // A run is running if, and only if, its directory says so.
  absl::Status CheckRuns() {
    std::set<std::string> running_keys;
    RETURN_IF_ERROR(ForEach("running", [&](const Entry& entry) -> absl::Status {
      std::string directory;
      RETURN_IF_ERROR(
          KeyReader(entry.key).Table("running").String(&directory).Finish());
      ASSIGN_OR_RETURN(store::RunningRow row,
                       rollcall::store::Parse<store::RunningRow>(entry.value));
      running_keys.insert(keys::Run(directory, row.run()));
      running_.insert(directory);
      return absl::OkStatus();
    }));
    std::set<std::string> found_keys;
    RETURN_IF_ERROR(ForEach("runs", [&](const Entry& entry) -> absl::Status {
      ASSIGN_OR_RETURN(store::RunRow row,
                       rollcall::store::Parse<store::RunRow>(entry.value));
      if (row.run().state() == v1::Run::RUNNING) found_keys.insert(entry.key);
      return absl::OkStatus();
    }));
    if (running_keys != found_keys) {
      Violated("The running runs and the directories' entries differ.");
    }
    if (!running_keys.empty()) return absl::OkStatus();
    for (const char* table : {"places", "scopes"}) {
      RETURN_IF_ERROR(ForEach(table, [&](const Entry&) {
        Violated("A row of ", table, " is left of a run that has ended.");
        return absl::OkStatus();
      }));
    }
    return absl::OkStatus();
  }

  // A batch is open if, and only if, it is held; what is held is of an open
  // one, or a run is at work on it (B2).
  absl::Status CheckHeld() {
    std::map<std::string, int> held;  // By key of the batch.
    RETURN_IF_ERROR(ForEach("held", [&](const Entry& entry) -> absl::Status {
      ASSIGN_OR_RETURN(
          store::HeldBatchRow row,
          rollcall::store::Parse<store::HeldBatchRow>(entry.value));
      if (row.batch().state() == v1::HeldBatch::HELD) {
        held[entry.key] = row.batch().danger();
      }
      return absl::OkStatus();
    }));
    std::map<std::string, int> open;
    std::set<std::pair<std::string, int64_t>> open_dangers;
    RETURN_IF_ERROR(
        ForEach("held_open", [&](const Entry& entry) -> absl::Status {
          std::string directory;
          int64_t danger = 0;
          RETURN_IF_ERROR(KeyReader(entry.key)
                              .Table("held_open")
                              .String(&directory)
                              .Int64(&danger)
                              .Finish());
          ASSIGN_OR_RETURN(store::IdRow row,
                           rollcall::store::Parse<store::IdRow>(entry.value));
          open[keys::HeldBatch(directory, row.id())] = static_cast<int>(danger);
          open_dangers.insert({directory, danger});
          return absl::OkStatus();
        }));
    if (open != held) Violated("The batches that are open and held differ.");
    return ForEach("held_rows", [&](const Entry& entry) -> absl::Status {
      std::string directory, source_id;
      int64_t danger = 0;
      RETURN_IF_ERROR(KeyReader(entry.key)
                          .Table("held_rows")
                          .String(&directory)
                          .Int64(&danger)
                          .String(&source_id)
                          .Finish());
      if (open_dangers.count({directory, danger}) == 0 &&
          running_.count(directory) == 0) {
        Violated("What is held of ", source_id, " is of no open batch.");
      }
      return absl::OkStatus();
    });
  }

  absl::Status CheckLive() {
    RETURN_IF_ERROR(ForEach("live", [&](const Entry& entry) -> absl::Status {
      std::string directory;
      RETURN_IF_ERROR(
          KeyReader(entry.key).Table("live").String(&directory).Finish());
      ASSIGN_OR_RETURN(store::LiveRow row,
                       rollcall::store::Parse<store::LiveRow>(entry.value));
      if (row.users() != live_[directory]) {
        Violated("Directory ", directory, " says ", row.users(),
                 " live users, but has ", live_[directory], ".");
      }
      live_.erase(directory);
      return absl::OkStatus();
    }));
    for (const auto& [directory, count] : live_) {
      if (count != 0) Violated("No live users of ", directory, " are counted.");
    }
    return absl::OkStatus();
  }

  absl::Status CheckFeed() {
    FeedReader feed(reader_, account_, incarnation_);
    ASSIGN_OR_RETURN(const FeedBounds bounds, feed.Bounds());
    const int64_t head = bounds.head_sequence;
    int64_t last = bounds.dropped_sequence;
    std::set<std::string> expected_history;
    RETURN_IF_ERROR(feed.ReadAfter(last, [&](const v1::ChangeEvent& event) {
      last = event.sequence();
      const absl::StatusOr<UserName> user = UserName::Parse(
          event.has_user_purge() ? event.user_purge().name()
                                 : event.user_change().user().name());
      if (user.ok()) expected_history.insert(keys::History(user->id(), last));
      return true;
    }));
    std::set<std::string> history;
    RETURN_IF_ERROR(ForEach("user_history", [&](const Entry& entry) {
      history.insert(entry.key);
      return absl::OkStatus();
    }));
    if (history != expected_history) {
      Violated("The users' history and the feed's events differ.");
    }
    RETURN_IF_ERROR(ForEach("changes", [&](const Entry& entry) -> absl::Status {
      int64_t sequence = 0;
      RETURN_IF_ERROR(
          KeyReader(entry.key).Table("changes").Int64(&sequence).Finish());
      if (sequence <= bounds.dropped_sequence) {
        Violated("Event ", sequence, " was dropped and is there.");
      }
      return absl::OkStatus();
    }));
    if (last != head) {
      Violated("The feed ends with ", last, ", but its head says ", head, ".");
    }
    return absl::OkStatus();
  }

  const Reader& reader_;
  const std::string& account_;
  const std::string& incarnation_;
  std::map<std::string, User> users_;
  std::map<std::string, Group> groups_;
  std::map<std::string, int64_t> live_;  // Users by directory.
  std::set<std::string> running_;        // Directories with a run under way.
  std::map<std::string, std::string> expected_usernames_;
  std::map<std::string, std::string> expected_user_sources_;
  std::map<std::string, std::string> expected_principal_names_;
  std::map<std::string, std::string> expected_group_names_;
  std::map<std::string, std::string> expected_group_sources_;
  std::map<std::string, std::string> expected_pins_;
  std::set<std::string> expected_members_;
  std::vector<std::string> violations_;
};

}  // namespace

absl::Status CheckInvariants(const IdentityStore& store,
                             const std::string& account) {
  return Check(store.rows(), account, store.incarnation()).Run();
}

}  // namespace rollcall::reconciliation
