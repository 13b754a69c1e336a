// Whether the client behaves as Microsoft asks of it (section 3.1 of the
// protocol specification), for tests to read.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_MANNERS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_MANNERS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {

enum class BadManner : uint8_t {
  kDuringRetryAfter,  // any request, while all of them have to wait
  kRetrySooner,       // the same request again, before its time
  kHotLoop,           // the same request again at once, after it had failed
  kTooMany,           // more than eight at once
  kNoPriority,        // not marked as background work
  kWrite,             // Rollcall only reads
  kTokenElsewhere,    // a token sent to another host
  kCount,
};

// The name in the control API: "during_retry_after", ...
absl::string_view MannerName(BadManner manner);

// Thread-safe.
class Manners {
 public:
  // While one lives, its request is being answered.
  class InFlight {
   public:
    explicit InFlight(Manners& manners) : manners_(manners) {}
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    ~InFlight();

   private:
    Manners& manners_;
  };

  // A request at Graph arrives. Items of a batch arrive by Item.
  [[nodiscard]] InFlight Arrives(const HttpRequest& request, absl::Time now);
  void Item(const HttpRequest& item, absl::Time now);
  // It has been answered, perhaps in vain, or with the advice to come back
  // later.
  void Answered(const HttpRequest& request, const HttpResponse& response,
                absl::Time now);
  // A request carries a token to where none belongs.
  void TokenAt(absl::string_view host);

  // Of each kind the first few, a sentence each, in the order of BadManner;
  // and how many there were.
  std::vector<std::string> Sentences() const;
  int64_t CountOf(BadManner manner) const;
  // Also who was told to wait.
  void Forget();

 private:
  void CheckWaiting(const HttpRequest& request, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Note(BadManner manner, std::string sentence)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Leave();

  struct Broken {
    int64_t count = 0;
    std::vector<std::string> first;
  };
  // When a request may come again: as it was told, and if it failed.
  struct Again {
    absl::Time told = absl::InfinitePast();
    absl::Time least = absl::InfinitePast();
  };

  mutable absl::Mutex mutex_;
  std::array<Broken, static_cast<size_t>(BadManner::kCount)> broken_
      ABSL_GUARDED_BY(mutex_);
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  // All requests have to wait from the first time to the second.
  absl::Time told_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time wait_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  // By its method and address.
  absl::flat_hash_map<std::string, Again> again_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_MANNERS_H_
