// Carries out one write of a person: all or nothing, once per request id, over
// whatever runs and other callers do meanwhile.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_WRITE_CALL_H_
#define ROLLCALL_SERVICES_RECONCILIATION_WRITE_CALL_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/request_ledger.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// Who asks, when, and how.
struct WriteCall {
  std::string account;  // The id.
  std::string actor;    // The SPIFFE id.
  absl::Time now;
  RequestIdentity request;
  bool validate_only = false;
};

// How often a write is decided anew because another process has written to the
// account meanwhile.
inline constexpr int kWriteTries = 3;

// `write` is callable as StatusOr<Reply>(Transaction&), and may be called
// several times: each time it sees the store as it is then. Nothing of a try is
// written unless everything is, the reply included.
template <typename Reply, typename Write>
absl::StatusOr<Reply> CarryOut(const WriteCall& call, IdentityStore& store,
                               Write write) {
  absl::Status conflict;
  for (int tries = 0; tries < kWriteTries; ++tries) {
    ASSIGN_OR_RETURN(auto transaction, store.Begin(call.account));
    ASSIGN_OR_RETURN(absl::optional<std::string> known,
                     FindReply(call.request, *transaction));
    if (known.has_value()) return rollcall::store::Parse<Reply>(*known);
    ASSIGN_OR_RETURN(Reply reply, write(*transaction));
    if (call.validate_only) return reply;
    RETURN_IF_ERROR(RememberReply(call.request,
                                  rollcall::store::Serialize(reply), call.now,
                                  *transaction));
    const absl::Status committed = transaction->Commit();
    if (committed.ok()) return reply;
    if (ReasonOf(committed) != "STORE_CONFLICT") return committed;
    conflict = committed;
  }
  return conflict;
}

// An event of this call, without its change.
inline v1::ChangeEvent MakeEvent(const WriteCall& call,
                                 const std::string& rule) {
  v1::ChangeEvent event;
  *event.mutable_commit_time() = ToTimestamp(call.now);
  event.set_rule(rule);
  event.set_actor(call.actor);
  return event;
}

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_WRITE_CALL_H_
