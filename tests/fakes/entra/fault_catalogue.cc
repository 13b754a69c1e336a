#include "tests/fakes/entra/fault_catalogue.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rollcall::entra {

const std::vector<CatalogueEntry>& FaultCatalogue() {
  using enum FaultKind;
  static const auto& catalogue = *new std::vector<CatalogueEntry>{
      {kStatus, 0, "status", "an error with the given status and code"},
      {kHtml, 0, "html", "an error page of a gateway"},
      {kCut, 30, "cut", "the connection breaks before the answer"},
      {kTruncate, 30, "truncate", "the connection breaks in the body"},
      {kBadGzip, 30, "bad_gzip", "the compressed body is damaged"},
      {kLatency, 0, "latency", "the answer takes longer"},
      {kKeepBody, 7, "keep_body", "400 with the data of a success"},
      {kGatewayError, 8, "gateway_error", "504 and 500 UnknownError"},
      {kThrottled, 17, "throttled",
       "429 without Retry-After, or with a decimal, a number, a date"},
      {kBatchThrottled, 18, "batch_throttled", "429 for an item of a batch"},
      {kBatchLimit, 18, "batch_limit", "429 for all but the first few items"},
      {kBatchItemLost, 18, "batch_item_lost", "an item without an answer"},
      {kEmptyPage, 1, "empty_page", "empty pages that go on"},
      {kDuplicates, 2, "duplicates", "objects come several times"},
      {kNextLinkLoop, 3, "next_link_loop", "a next link to the same page"},
      {kExpiredSkipToken, 4, "expired_skip_token",
       "400 Directory_ExpiredPageToken at once"},
      {kRetriedPageToken, 5, "retried_page_token",
       "the next link of a repeated request is refused"},
      {kIndexLag, 19, "index_lag",
       "ConsistencyLevel eventual: objects lack, counts differ"},
      {kPageSizeLimit, 21, "page_size_limit", "a large $top is refused"},
      {kWrongContext, 22, "wrong_context", "a wrong @odata.context"},
      {kOptionsIgnored, 23, "options_ignored",
       "$filter, $search, $orderby and $expand have no effect"},
      {kForeignLink, 0, "foreign_link", "a link to another host"},
      {kPageLost, 6, "page_lost", "404 UnknownError on a good next link"},
      {kLate, 9, "late", "changes show 15 minutes late, new users are 404"},
      {kBlankChange, 10, "blank_change",
       "a changed object without values, which come in the next round"},
      {kMovingRound, 10, "moving_round",
       "changes during a round are in it, or in the next"},
      {kReplay, 11, "replay", "old changes again"},
      {kUnknownRemoved, 11, "unknown_removed", "@removed of an unknown id"},
      {kInitialRemoved, 12, "initial_removed",
       "removed objects and members in the initial round"},
      {kSilentDeletion, 13, "silent_deletion", "deletions are not told"},
      {kDanglingMember, 14, "dangling_member", "a member that does not exist"},
      {kNulls, 15, "nulls", "null where nothing ever was"},
      {kDeltaExpired, 16, "delta_expired", "400 syncStateNotFound"},
      {kDeltaGone, 16, "delta_gone", "410 with a Location"},
      {kUnchangedToo, 28, "unchanged_too",
       "unchanged properties under return=minimal"},
      {kAllOfType, 28, "all_of_type",
       "all objects of the type beside those that changed"},
      {kUnordered, 29, "unordered", "the last change of a page first"},
      {kGroupNotFound, 0, "group_not_found", "a group is 404"},
      {kMissingPermission, 20, "missing_permission",
       "a permission lacks; hidden members seem to be none"},
      {kLimitedMembers, 15, "limited_members", "members with ids only"},
      {kShowServicePrincipals, 24, "show_service_principals",
       "members list service principals, which v1.0 leaves out"},
      {kConsentSettling, 25, "consent_settling", "401 or 403 after consent"},
      {kTokenError, 0, "token_error", "the given error of the token endpoint"},
      {kTokenTrouble, 26, "token_trouble",
       "the token endpoint answers HTML 503, 90033, 90006"},
      {kDeclineConsent, 0, "decline_consent", "the administrator declines"},
      {kAskConsent, 0, "ask_consent", "the consent page waits for a click"},
      {kLoginRequired, 0, "login_required", "nobody is signed in"},
      {kNotificationLost, 27, "notification_lost",
       "a notification is not sent"},
      {kNotificationDuplicated, 27, "notification_duplicated",
       "a notification is sent twice"},
      {kNotificationLate, 27, "notification_late",
       "a notification is sent late"},
  };
  return catalogue;
}

absl::string_view FaultName(FaultKind kind) {
  return FaultCatalogue()[static_cast<size_t>(kind)].name;
}

absl::StatusOr<FaultKind> ParseFaultKind(absl::string_view name) {
  for (const CatalogueEntry& entry : FaultCatalogue()) {
    if (entry.name == name) return entry.kind;
  }
  return absl::InvalidArgumentError(absl::StrCat("No fault '", name, "'."));
}

std::vector<FaultKind> KindsOf(absl::string_view number_or_name) {
  int number = 0;
  const bool is_number =
      absl::SimpleAtoi(number_or_name, &number) && number > 0;
  std::vector<FaultKind> kinds;
  for (const CatalogueEntry& entry : FaultCatalogue()) {
    if (is_number ? entry.number == number : entry.name == number_or_name) {
      kinds.push_back(entry.kind);
    }
  }
  return kinds;
}

Fault UsualFault(FaultKind kind) {
  Fault fault{.kind = kind};
  switch (kind) {
    case FaultKind::kKeepBody:  // contrib#7414
      fault.path = "/groups/delta";
      fault.status = 400;
      break;
    case FaultKind::kEmptyPage:
      fault.limit = 3;
      break;
    case FaultKind::kBatchLimit:
      fault.limit = 4;
      break;
    case FaultKind::kLatency:
      fault.delay = absl::Milliseconds(100);
      break;
    case FaultKind::kPageSizeLimit:
      fault.limit = 120;
      break;
    case FaultKind::kLate:
    case FaultKind::kNotificationLate:
      fault.delay = absl::Minutes(15);
      break;
    case FaultKind::kReplay:
      fault.limit = 20;
      break;
    case FaultKind::kMissingPermission:
      fault.name = "Member.Read.Hidden";
      break;
    default:
      break;
  }
  return fault;
}

}  // namespace rollcall::entra
