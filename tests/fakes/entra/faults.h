// What goes wrong, how often, and where. The numbers are those of the fault
// catalogue in section 7 of the protocol specification. The same seed and the
// same sequence of requests meet the same faults.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_FAULTS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_FAULTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/prng.h"

namespace rollcall::entra {

enum class FaultKind : uint8_t {
  // Of any answer.
  kStatus,    // #6 #8 #17 #18: `status`, `code`, `message`, `retry_after`
  kHtml,      // #26: `status` with an HTML body, as gateways do
  kCut,       // #30: the connection breaks before the answer
  kTruncate,  // #30: the connection breaks in the middle of the body
  kBadGzip,   // #30: the compressed body is damaged
  kLatency,   // the answer takes `delay` longer
  kKeepBody,  // #7: `status` with the body of the success
  // Of pages.
  kEmptyPage,         // #1: an empty page that goes on
  kDuplicates,        // #2: some objects come twice
  kNextLinkLoop,      // #3: the next link leads to the same page
  kExpiredSkipToken,  // #4 #5: 400 Directory_ExpiredPageToken
  kPageSizeLimit,     // #21: 400 if $top is more than `limit`
  kWrongContext,      // #22: an @odata.context of something else
  // Of delta queries.
  kDeltaExpired,    // #16: 400 syncStateNotFound
  kDeltaGone,       // #16: 410 with a Location
  kReplay,          // #11: the last `limit` changes before the round again
  kInitialRemoved,  // #12: soft-deleted objects in the initial round
  // Of objects and permissions.
  kGroupNotFound,          // the group `name` (id or display name) is 404
  kMissingPermission,      // the permission `name` is not granted
  kShowServicePrincipals,  // #24 switched off: members show them
  // Of the login pages and the token endpoint.
  kTokenError,      // the AADSTS `code`, or HTTP `status` without one
  kDeclineConsent,  // the administrator cancels; `code`: the OAuth error
  kAskConsent,      // the consent page waits for a click
  kLoginRequired,   // nobody is signed in, which prompt=none tells
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
};

// The name in the control API: "status", "empty_page", ...
absl::string_view FaultName(FaultKind kind);
absl::StatusOr<FaultKind> ParseFaultKind(absl::string_view name);

// Thread-safe.
class Faults {
 public:
  explicit Faults(uint64_t seed);

  // Returns a number for Remove.
  int64_t Add(Fault fault);
  bool Remove(int64_t number);
  void Clear();
  void Reseed(uint64_t seed);
  bool empty() const;

  // The first fault of this kind that strikes here, if any does.
  std::optional<Fault> Strike(FaultKind kind, absl::string_view path);
  // Likewise, among those whose `name` is one of two.
  bool StrikesName(FaultKind kind, absl::string_view path,
                   absl::string_view name, absl::string_view other_name = "");

  // How often each kind has struck since the start.
  std::vector<std::pair<FaultKind, int64_t>> Counts() const;

 private:
  struct Entry {
    int64_t number;
    int64_t seen = 0;
    int64_t hits = 0;
    Fault fault;
  };
  bool Hits(Entry& entry, FaultKind kind, absl::string_view path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Prng prng_ ABSL_GUARDED_BY(mutex_);
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  int64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<FaultKind, int64_t> counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_FAULTS_H_
