// Reads the members of the groups that were read and writes them, mapped and
// with their direct groups, into the mirror; each once, and never more than a
// few pages in memory.
//
// How it asks depends on the size: if at least half of the tenant is in scope,
// it lists all users; if less, it asks for the users by their ids, 1000 at once
// and several questions in parallel, which costs twice as much of Graph's quota
// per user. The list begins while the groups are being read, as soon as it is
// likely to be the way, or would be short anyhow.
//
// Users that the first way did not show are asked for by id, and those that
// this does not show either one by one: only a 404 for a single user is proof
// that it does not exist (B3).
#ifndef ROLLCALL_SERVICES_DIRECTORY_USER_READER_H_
#define ROLLCALL_SERVICES_DIRECTORY_USER_READER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "services/directory/completeness.h"
#include "services/directory/graph_client.h"
#include "services/directory/graph_page.h"
#include "services/directory/membership_index.h"
#include "services/directory/read_counters.h"
#include "services/directory/read_limits.h"
#include "services/directory/read_store.h"
#include "services/directory/source_objects.h"
#include "services/directory/user_list.h"
#include "services/directory/user_row.h"
#include "services/directory/username_collisions.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

enum class UserSource { kBySize, kList, kByIds };

// One use.
class UserReader {
 public:
  // All must outlive the reader. `tenant_users` is how many users the tenant
  // has, about; none if that is not known.
  UserReader(GraphSession& graph, ReadWriter& writer, WorkCrew& crew,
             ReadCounters& counters, const ReadLimits& limits,
             UserSource source, absl::optional<int64_t> tenant_users);

  // While the groups are being read: so many memberships have been seen.
  // Thread-safe.
  void Expect(int64_t memberships);

  // Once they are read. `scope` must outlive the reader. An error ends the
  // read; trouble with single users is in the evidence.
  absl::Status Read(const MembershipIndex& scope,
                    const std::function<void()>& tick);

  // What came of it; after Read.
  const UserEvidence& evidence() const { return evidence_; }
  // Whether the user exists and is not left out.
  bool is_imported(uint32_t number) const {
    return users_[number].outcome == Outcome::kImported;
  }
  int64_t dangling() const { return CountOf(Outcome::kDangling); }
  int64_t excluded_guests() const { return CountOf(Outcome::kExcluded); }
  int64_t imported() const { return CountOf(Outcome::kImported); }
  std::map<std::string, int64_t> CountWarnings();
  // Those whose username may be somebody else's too (A4).
  std::vector<uint32_t> Suspects() const;

 private:
  enum class Outcome : uint8_t {
    kUnknown,
    kImported,
    kExcluded,  // A guest, and guests are left out (A23).
    kDangling,  // A member of a group that is no user any more.
    kUnread,
  };
  // Sixteen bytes for each of a million users.
  struct User {
    uint64_t mark = 0;  // Of the username; 0: none.
    Outcome outcome = Outcome::kUnknown;
    bool claimed = false;
    bool hidden = false;
    bool malformed_email = false;
    uint8_t malformed_phones = 0;
  };

  struct ClaimedUser {
    uint32_t number = 0;
    size_t place = 0;  // Among what was to be claimed.
  };

  // Whether the list is the better way, for so many users in scope.
  bool IsWorthListing(int64_t users) const;
  // Writes pages of the list until there are no more.
  absl::Status TakeList();
  absl::Status AskForIds(const std::vector<uint32_t>& numbers);
  absl::Status Confirm(uint32_t number);
  // Writes the users of a page that are in scope and new.
  absl::Status Fold(const Page<SourceUser>& page);
  // Of those ids that are in scope and that nobody has claimed yet.
  std::vector<ClaimedUser> Claim(const std::vector<SourceId>& ids);
  void Note(const MappedRow& row, uint32_t number);
  absl::Status WriteOthers();
  void GiveUp(const std::vector<uint32_t>& numbers, const absl::Status& why);
  std::vector<uint32_t> Unknown();
  int64_t CountOf(Outcome outcome) const;

  GraphSession& graph_;
  ReadWriter& writer_;
  WorkCrew& crew_;
  ReadCounters& counters_;
  const ReadLimits limits_;
  const UserSource source_;
  const absl::optional<int64_t> tenant_users_;
  const store::StoredDirectory& options_;
  const std::string select_;
  UserList list_;
  const MembershipIndex* scope_ = nullptr;  // From Read on.

  // A user is written to by the one thread that claimed it.
  std::vector<User> users_;
  UserEvidence evidence_;
  absl::Mutex mutex_;
  std::string first_error_ ABSL_GUARDED_BY(mutex_);
  // Users that could not be read, by reason.
  std::map<std::string, int64_t> unreadable_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_USER_READER_H_
