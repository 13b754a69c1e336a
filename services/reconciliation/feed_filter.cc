#include "services/reconciliation/feed_filter.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::reconciliation {
namespace {

using v1::ChangeEvent;

// As many as a directory may select.
constexpr int kMaxGroups = 400;

// FNV-1a: the same in every process and version, and nobody gains from making
// two filters collide but himself.
uint64_t Fold(uint64_t digest, absl::string_view text) {
  constexpr uint64_t kPrime = 0x100000001b3;
  for (const char byte : text) {
    digest = (digest ^ static_cast<uint8_t>(byte)) * kPrime;
  }
  return (digest ^ 0xff) * kPrime;  // No text has this byte: it separates.
}

}  // namespace

ChangeEvent::Kind KindOf(const ChangeEvent& event) {
  switch (event.change_case()) {
    case ChangeEvent::kUserChange:
      return ChangeEvent::USER_CHANGE;
    case ChangeEvent::kUserPurge:
      return ChangeEvent::USER_PURGE;
    case ChangeEvent::kGroupChange:
      return ChangeEvent::GROUP_CHANGE;
    case ChangeEvent::kGroupDelete:
      return ChangeEvent::GROUP_DELETE;
    case ChangeEvent::kRunFinished:
      return ChangeEvent::RUN_FINISHED;
    case ChangeEvent::CHANGE_NOT_SET:
      break;
  }
  return ChangeEvent::KIND_UNSPECIFIED;
}

absl::StatusOr<FeedFilter> FeedFilter::Parse(
    const AccountName& account, const v1::WatchChangesRequest& request) {
  FeedFilter filter;
  filter.account_ = account.id();
  if (request.groups_size() > kMaxGroups) {
    return InvalidArgument(
        "TOO_MANY_GROUPS",
        absl::StrCat("A filter has at most ", kMaxGroups, " groups."),
        {{"field", "groups"}, {"limit", absl::StrCat(kMaxGroups)}});
  }
  for (const std::string& group : request.groups()) {
    ASSIGN_OR_RETURN(const GroupName name, GroupName::Parse(group));
    if (name.account() != account) {
      return InvalidArgument(
          "PARENT_MISMATCH",
          absl::StrCat("The groups must be of ", account.ToString(), "."),
          {{"field", "groups"}, {"parent", account.ToString()}});
    }
    filter.groups_.insert(group);
  }
  for (const int kind : request.kinds()) {
    if (kind == ChangeEvent::KIND_UNSPECIFIED ||
        !ChangeEvent::Kind_IsValid(kind)) {
      return InvalidArgument(
          "CHANGE_KIND_INVALID", "There is no such kind of change.",
          {{"field", "kinds"}, {"kind", absl::StrCat(kind)}});
    }
    filter.kinds_.insert(kind);
  }
  return filter;
}

std::string FeedFilter::Digest() const {
  if (groups_.empty() && kinds_.empty()) return "";
  uint64_t digest = 0xcbf29ce484222325;
  for (const std::string& group : groups_) digest = Fold(digest, group);
  digest = Fold(digest, "");  // No group has this name.
  for (const int kind : kinds_) digest = Fold(digest, absl::StrCat(kind));
  return absl::StrCat(absl::Hex(digest, absl::kZeroPad16));
}

template <typename Names>
bool FeedFilter::WantsAnyOf(const Names& groups) const {
  return std::any_of(
      groups.begin(), groups.end(),
      [this](const std::string& group) { return groups_.contains(group); });
}

bool FeedFilter::Wants(const ChangeEvent& event) const {
  if (!WantsKind(KindOf(event))) return false;
  if (groups_.empty()) return true;
  switch (event.change_case()) {
    case ChangeEvent::kUserChange:
      return WantsAnyOf(event.user_change().user().groups()) ||
             WantsAnyOf(event.user_change().left_groups());
    case ChangeEvent::kUserPurge:
      return WantsAnyOf(event.user_purge().left_groups());
    case ChangeEvent::kGroupChange:
      return groups_.contains(event.group_change().name());
    case ChangeEvent::kGroupDelete:
      return groups_.contains(event.group_delete().name());
    case ChangeEvent::kRunFinished:
    case ChangeEvent::CHANGE_NOT_SET:
      return true;
  }
  return true;
}

bool FeedFilter::Wants(const Group& group) const {
  return groups_.empty() ||
         groups_.contains(
             GroupName(AccountName(account_), group.id).ToString());
}

bool FeedFilter::Wants(const User& user) const {
  if (groups_.empty()) return true;
  return std::any_of(user.groups.begin(), user.groups.end(),
                     [this](const std::string& group) {
                       return groups_.contains(
                           GroupName(AccountName(account_), group).ToString());
                     });
}

}  // namespace rollcall::reconciliation
