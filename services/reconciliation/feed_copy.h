// A consumer of the change feed that keeps a copy of an account's users and
// groups. Written from the contract's comments alone, as another team
// would: it knows nothing of how the service is made.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_COPY_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_COPY_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rollcall/reconciliation/v1/reconciliation.pb.h"

namespace rollcall::reconciliation {

// What the consumer has stored: one transaction of a real one. A value.
struct FeedCopy {
  struct UserEntry {
    v1::User user;
    int64_t as_of = 0;  // The last event that it has the effect of.
  };
  struct GroupEntry {
    v1::Group group;
    int64_t as_of = 0;
  };

  // The filter that it asks with, in every request.
  std::vector<std::string> filter_groups;
  std::vector<v1::ChangeEvent::Kind> filter_kinds;

  std::string cursor;
  std::map<std::string, UserEntry> users;  // By name.
  std::map<std::string, GroupEntry> groups;
  // What the snapshot under way has shown so far.
  std::set<std::string> shown;

  // How to go on from here.
  v1::WatchChangesRequest Request(const std::string& account) const;
  // Begins again, after FEED_CURSOR_EXPIRED or FEED_HISTORY_LOST.
  void StartOver();
  // Takes what a response tells, and its cursor.
  void Take(const v1::WatchChangesResponse& response);

 private:
  void TakeEvent(const v1::ChangeEvent& event);
  void PutUser(const v1::User& user, int64_t as_of);
  void PutGroup(const v1::Group& group, int64_t as_of);
  bool IsInFilter(const v1::User& user) const;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_COPY_H_
