// What goes wrong, how often, and where. The numbers are those of the fault
// catalogue in section 7 of the protocol specification; fault_catalogue.h
// lists them. The same seed and the same requests meet the same faults.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_FAULTS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_FAULTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace rollcall::entra {

enum class FaultKind : uint8_t {
  // Of any answer.
  kStatus,          // `status`, `code`, `message`, `retry_after`
  kHtml,            // `status` with an HTML body, as gateways do
  kCut,             // #30: the connection breaks before the answer
  kTruncate,        // #30: the connection breaks in the middle of the body
  kBadGzip,         // #30: the compressed body is damaged
  kLatency,         // the answer takes `delay` longer
  kKeepBody,        // #7: `status` with the body of the success
  kGatewayError,    // #8: 504 and 500 UnknownError
  kThrottled,       // #17: 429 with all kinds of Retry-After, and with none
  kBatchThrottled,  // #18: 429 for an item of a batch
  kBatchLimit,      // #18: 429 for the items of a batch past `limit`
  kBatchItemLost,   // #18: an item of a batch has no answer
  // Of pages.
  kEmptyPage,         // #1: an empty page that goes on, `limit` in a row
  kDuplicates,        // #2: some objects come twice
  kNextLinkLoop,      // #3: the next link leads to the same page
  kExpiredSkipToken,  // #4: 400 Directory_ExpiredPageToken
  kRetriedPageToken,  // #5: the next link of a repeated request is refused
  kIndexLag,          // #19: an index read lacks some objects
  kPageSizeLimit,     // #21: 400 if $top is more than `limit`
  kWrongContext,      // #22: an @odata.context of something else
  kOptionsIgnored,    // #23: options other than $select and $top do nothing
  kForeignLink,       // a link to another host: `name`, or each deception
  // Of delta queries.
  kPageLost,        // #6: 404 UnknownError for a good next link
  kLate,            // #9: changes show `delay` late; a new user is 404
  kBlankChange,     // #10: ids without values, which come in the next round
  kMovingRound,     // #10: some of what changes during a round is in it
  kReplay,          // #11: the last `limit` changes before the round again
  kUnknownRemoved,  // #11: @removed of an id that never was
  kInitialRemoved,  // #12: what has gone, in the initial round
  kSilentDeletion,  // #13: deleted users and groups are not mentioned
  kDanglingMember,  // #14: a member that is nowhere else
  kNulls,           // #15: null where nothing ever was
  kDeltaExpired,    // #16: 400 syncStateNotFound
  kDeltaGone,       // #16: 410 with a Location
  kUnchangedToo,    // #28: unchanged properties under return=minimal
  kAllOfType,       // #28: a round tells what has not changed as well
  kUnordered,       // #29: a page begins with the last change
  // Of objects and permissions.
  kGroupNotFound,          // the group `name` (id or display name) is 404
  kMissingPermission,      // #20: the permission `name` is not granted
  kLimitedMembers,         // #15: members with nothing but their ids
  kShowServicePrincipals,  // #24 switched off: members show them
  kConsentSettling,        // #25: 401 and 403 as shortly after consent
  // Of the login pages and the token endpoint.
  kTokenError,      // #26: the AADSTS `code`, or HTTP `status` without one
  kTokenTrouble,    // #26: HTML 503, 90033 and 90006 in turn
  kDeclineConsent,  // the administrator cancels; `code`: the OAuth error
  kAskConsent,      // the consent page waits for a click
  kLoginRequired,   // nobody is signed in, which prompt=none tells
  // Of change notifications.
  kNotificationLost,        // #27
  kNotificationDuplicated,  // #27
  kNotificationLate,        // #27: by `delay`
  kCount,
};

struct Fault {
  FaultKind kind = FaultKind::kStatus;
  double probability = 1;
  int64_t after = 0;   // lets so many requests pass that it could have hit
  int64_t times = -1;  // hits at most so often; -1: without limit
  std::string path;    // only requests whose path and query contain this

  int status = 0;
  std::string code;
  std::string message;
  std::string retry_after;  // the header, as it is; empty: no header
  absl::Duration delay;
  int64_t limit = 0;
  std::string name;

  // Of one that has struck: how many hits came before, for faults that take
  // turns at what they do.
  int64_t turn = 0;
};

// Thread-safe. Whether a fault strikes depends on the seed, the fault, the
// request, and how often the same has been asked before; requests in other
// threads change nothing about that. What counts as the same is the path with
// its options, whatever the tokens in it say.
class Faults {
 public:
  explicit Faults(uint64_t seed);

  // Returns a number for Remove.
  int64_t Add(Fault fault);
  bool Remove(int64_t number);
  void Clear();
  void Reseed(uint64_t seed);
  bool empty() const;

  // Switches a fault of the catalogue on, by its number ("17") or name
  // ("throttled"), in place of what was set under it before. A number stands
  // for all that the catalogue lists under it. 0 switches it off.
  absl::Status Set(absl::string_view number_or_name, double probability);

  // The first fault of this kind that strikes here, if any does.
  std::optional<Fault> Strike(FaultKind kind, absl::string_view path);
  // Likewise, among those whose `name` is one of two.
  bool StrikesName(FaultKind kind, absl::string_view path,
                   absl::string_view name, absl::string_view other_name = "");

  // For kRetriedPageToken: whether this was asked before while such a fault
  // is on.
  bool IsRepeated(absl::string_view target);

  // What is on, and how often each kind has struck since the start.
  struct Report {
    double probability = 0;  // the highest of this kind
    int64_t hits = 0;
  };
  absl::flat_hash_map<FaultKind, Report> Reports() const;

 private:
  struct Entry {
    int64_t number;
    bool of_catalogue = false;
    int64_t hits = 0;
    int64_t seen = 0;
    // How often each request has been here.
    absl::flat_hash_map<uint64_t, uint32_t> visits;
    Fault fault;
  };
  bool Hits(Entry& entry, FaultKind kind, absl::string_view path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  uint64_t seed_ ABSL_GUARDED_BY(mutex_);
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  int64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<FaultKind, int64_t> hits_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<uint64_t> asked_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_FAULTS_H_
