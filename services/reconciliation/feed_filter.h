// What a consumer of the feed wants to hear of: groups and kinds of change
// (B7).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_FILTER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_FILTER_H_

#include <string>

#include "absl/container/btree_set.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// The kind of an event; unspecified for one without a change.
v1::ChangeEvent::Kind KindOf(const v1::ChangeEvent& event);

// A value. The default wants everything.
class FeedFilter {
 public:
  // INVALID_ARGUMENT for groups that are not of `account`, too many of them,
  // and for unknown kinds.
  static absl::StatusOr<FeedFilter> Parse(
      const AccountName& account, const v1::WatchChangesRequest& request);

  // Names the filter in cursors: the same for the same groups and kinds, in any
  // order; empty for the one that wants everything.
  std::string Digest() const;

  // A user who leaves a wanted group by the change is wanted once more.
  bool Wants(const v1::ChangeEvent& event) const;

  // In a snapshot.
  bool WantsGroups() const { return WantsKind(v1::ChangeEvent::GROUP_CHANGE); }
  bool WantsUsers() const { return WantsKind(v1::ChangeEvent::USER_CHANGE); }
  bool Wants(const Group& group) const;
  bool Wants(const User& user) const;

 private:
  bool WantsKind(v1::ChangeEvent::Kind kind) const {
    return kinds_.empty() || kinds_.contains(kind);
  }
  template <typename Names>
  bool WantsAnyOf(const Names& groups) const;

  std::string account_;
  // Names, in full.
  absl::btree_set<std::string> groups_;
  absl::btree_set<int> kinds_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_FILTER_H_
