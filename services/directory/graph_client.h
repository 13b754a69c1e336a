// Talks to Microsoft Graph on behalf of one connection, with the manners of a
// good guest: waits as long as it is told to, tries again only what may be
// repeated, and sends its token nowhere but to the connection's own Graph.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_CLIENT_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/http/client.h"
#include "common/time/backoff.h"
#include "common/time/clock.h"
#include "services/directory/authorization_client.h"
#include "services/directory/bounded_labels.h"
#include "services/directory/graph_error.h"
#include "services/directory/page_size.h"
#include "services/directory/tenant_holds.h"
#include "services/directory/tenant_pace.h"
#include "services/directory/waiter.h"

namespace rollcall::directory {

struct GraphClientOptions {
  // How often one request is sent at most. The waits between them, unless Graph
  // says how long: 1, 2, 4 ... seconds, with jitter.
  int max_tries = 6;
  BackoffPolicy backoff;
  // A token of a connection serves its sessions for so long, then authorization
  // is asked again: it may have to be authorized anew.
  absl::Duration token_reuse = absl::Minutes(5);
  // How many requests of one tenant are under way at once, whoever asks: 4 to 8
  // are good manners.
  int max_in_flight = 8;
  // If Graph asks to wait longer, the read ends and is to be asked for again:
  // a wait is never shortened.
  absl::Duration max_wait = absl::Minutes(5);
  // After so many requests in a row that failed in spite of all tries, the
  // tenant counts as down, and further ones fail at once.
  int max_failures_in_a_row = 8;
};

class GraphSession;

// How much of its quota a tenant's requests use.
struct TenantQuota {
  double used = 0;          // As Graph said last; 0 if it said nothing lately.
  double recent_units = 0;  // In the last ten seconds, as counted here.
  int in_flight = 0;        // Requests under way now.
};

// Makes sessions. All sessions of one tenant, whichever account they are of,
// keep one pace and share the requests that may be under way, and all of one
// connection count their requests together, as the metric
// rollcall_directory_graph_requests_total{account,connection}. Thread-safe.
class GraphClient {
 public:
  // All must outlive the client and its sessions. `store` keeps what must
  // outlive the process: until when tenants want to be left alone.
  GraphClient(http::Client& http, AuthorizationClient& authorization,
              rollcall::store::Store& store, Clock& clock, Waiter& waiter,
              GraphClientOptions options = {});

  // Mints a token if there is none, and nothing more. `cancelled` is asked
  // between requests and during waits. Errors are those of authorization and
  // of the store.
  absl::StatusOr<std::unique_ptr<GraphSession>> Open(
      const ConnectionName& connection, std::function<bool()> cancelled);

  TenantQuota Quota(absl::string_view tenant_id);

 private:
  friend class GraphSession;

  struct SharedPace {
    absl::Mutex mutex;
    TenantPace pace ABSL_GUARDED_BY(mutex);
    int in_flight ABSL_GUARDED_BY(mutex) = 0;
  };
  // A place among the requests of a tenant that are under way. Held during one
  // exchange with Graph and never while waiting for anything else: whoever
  // waits for a place gets one.
  class Place {
   public:
    explicit Place(SharedPace& pace) : pace_(&pace) {}
    Place(Place&& other) noexcept
        : pace_(std::exchange(other.pace_, nullptr)) {}
    ~Place();

   private:
    SharedPace* pace_;
  };
  struct KnownToken {
    AccessToken token;
    absl::Time mint_time;
  };

  // The token of an earlier session, if it is good still.
  absl::optional<AccessToken> Recall(const ConnectionName& connection);
  absl::StatusOr<AccessToken> Mint(const ConnectionName& connection);
  void Forget(const ConnectionName& connection);
  // Of a tenant that this process has not talked to yet, held as the last one
  // was told.
  absl::StatusOr<SharedPace*> PaceOf(const std::string& tenant_id);
  // Of trouble with the store only the log tells: this process waits in any
  // case.
  void RememberHold(const std::string& tenant_id, absl::Duration duration);
  prometheus::Counter& RequestsOf(const ConnectionName& connection);

  http::Client& http_;
  AuthorizationClient& authorization_;
  TenantHolds holds_;
  Clock& clock_;
  Waiter& waiter_;
  const GraphClientOptions options_;
  BoundedLabels request_labels_{"connection"};

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, KnownToken> tokens_ ABSL_GUARDED_BY(mutex_);
  // Never erased from: sessions refer to them.
  absl::node_hash_map<std::string, SharedPace> paces_ ABSL_GUARDED_BY(mutex_);
};

// One read's conversation with one tenant. Thread-safe. Every call gives the
// body of a 200 answer, or:
//   NOT_FOUND, reason GRAPH_NOT_FOUND: a 404 that names a missing object.
//   ABORTED, reason GRAPH_PAGE_EXPIRED: begin the enumeration again;
//   reason GRAPH_RESYNC_REQUIRED: read everything again.
//   FAILED_PRECONDITION, reasons GRAPH_FORBIDDEN (a permission is missing) and
//   GRAPH_UNAUTHORIZED (401 with a fresh token too).
//   UNAVAILABLE, reasons GRAPH_UNAVAILABLE (all tries failed), GRAPH_THROTTLED
//   (with the wait that was asked for).
//   INTERNAL, reason GRAPH_REFUSED: we asked something that Graph does not
//   answer. DATA_LOSS, reason GRAPH_LINK_ELSEWHERE. CANCELLED.
class GraphSession {
 public:
  GraphSession(GraphClient& client, GraphClient::SharedPace& pace,
               ConnectionName connection, AccessToken token,
               std::function<bool()> cancelled);

  const std::string& tenant_id() const { return tenant_id_; }

  // `path` is ours: `/v1.0/users?$top=999`.
  absl::StatusOr<std::string> Get(absl::string_view path,
                                  const http::Headers& headers = {});
  // `link` is Graph's: checked, and then sent as it is. Repeat the headers of
  // the first page.
  absl::StatusOr<std::string> Follow(absl::string_view link,
                                     const http::Headers& headers = {});
  // For questions that do not fit into a path; changes nothing. `units` is what
  // it costs, if the path does not tell.
  absl::StatusOr<std::string> Post(absl::string_view path,
                                   absl::string_view body, double units = 0);

  // For answers that come inside of others: the tenant refused something, and
  // all its requests slow down...
  void Slow();
  // ...or something has to wait, and all its requests are held, as by a
  // Retry-After.
  void Hold(absl::Duration duration);

  // Waits before something is asked for anew that has failed so many times in a
  // row, longer each time. Like a request that failed without a Retry-After:
  absl::Status BackOff(int failures);
  // Or, when Graph answered as it should but not what it should, a little only.
  absl::Status Pause(int failures);

  // How many objects a list may ask for on a page, as far as is known.
  int page_size() const { return page_size_; }
  void LimitPageSize(int size);

  absl::Time Now() const { return client_.clock_.TimeNow(); }

  // Tells tokens apart, and nothing else about them.
  std::string TokenMark();

  // How many answers there were.
  int64_t answers() const { return answers_; }
  bool cancelled() const { return cancelled_(); }

 private:
  // One try. An error is final; a verdict may ask for more.
  struct Try {
    GraphVerdict verdict = GraphVerdict::kRetry;
    std::string body;
    absl::optional<absl::Duration> retry_after;
    absl::Status status;  // What to say if this was the last try.
  };

  // The refused token of which authorization was told last.
  struct Report {
    absl::Mutex mutex;
    absl::optional<Secret> token ABSL_GUARDED_BY(mutex);
  };

  absl::StatusOr<std::string> Send(http::Request request, double units);
  // Leaves the place when whoever waits for it can know what the answer says of
  // the pace.
  absl::StatusOr<Try> TryOnce(const http::Request& request, const Secret& token,
                              double units, GraphClient::Place place);
  // What the server holds for now, if it says so.
  absl::Time TheirNow(const http::Response& response) const;
  void Learn(const http::Response& response,
             absl::optional<absl::Duration> hold_for, double units);

  // Until the pace of the tenant admits a request, nobody holds it, and there
  // is a place for it.
  absl::StatusOr<GraphClient::Place> WaitForTurn(double units);
  absl::Status WaitWhileHeld(absl::Time& until);
  absl::StatusOr<GraphClient::Place> WaitForPlace();
  absl::Time HeldUntil();
  absl::Status WaitToTryAgain(const Try& attempt, int tries);
  absl::Status WaitFor(absl::Duration duration);
  absl::Status CheckAlive() const;

  absl::StatusOr<Secret> CurrentToken();
  // Tells authorization, unless it was told: requests beside each other are
  // refused together.
  absl::Status ReportRejected(const Secret& token, Report& last_report);
  absl::StatusOr<Secret> FreshToken(const Secret& rejected);
  absl::StatusOr<Secret> Mint();

  GraphClient& client_;
  const ConnectionName connection_;
  const std::string tenant_id_;
  const std::string origin_;
  GraphClient::SharedPace& pace_;
  const std::function<bool()> cancelled_;
  prometheus::Counter& requests_;
  std::atomic<int64_t> answers_{0};
  std::atomic<int> failures_in_a_row_{0};
  std::atomic<int> page_size_{kLargestPage};

  absl::Mutex mutex_;
  AccessToken token_ ABSL_GUARDED_BY(mutex_);

  Report first_report_;
  Report second_report_;  // Of tokens that were to replace refused ones.
};

// Whether an error of a session, or of a page, ends the whole read: there is
// nothing to be gained by asking for something else. Trouble with one page, one
// group or one user costs only itself, and completeness.
bool EndsTheRead(const absl::Status& status);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_CLIENT_H_
