// What trash asks of the reconciliation service besides its feed: to delete a
// user for good.
#ifndef ROLLCALL_SERVICES_TRASH_CLIENT_H_
#define ROLLCALL_SERVICES_TRASH_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/identity/resource_name.h"

namespace grpc {
class ChannelInterface;
}

namespace rollcall::trash {

// Thread-safe.
class ReconciliationClient {
 public:
  virtual ~ReconciliationClient() = default;

  // Deletes a user for good, as of one deletion. OK if the user is gone
  // already; FAILED_PRECONDITION, reason DELETION_SUPERSEDED, if the user has
  // come back since, and PURGE_UNPROVEN if the source does not prove that the
  // user is gone, unless somebody asks for it; UNAVAILABLE, reason
  // RECONCILIATION_UNREACHABLE, if nobody answers. `actor` is the SPIFFE id of
  // who asks for it; empty: the time in the trash is over.
  virtual absl::Status PurgeUser(const UserName& user, int64_t deletion_epoch,
                                 const std::string& actor) = 0;
};

// The reconciliation service over gRPC. Thread-safe.
class GrpcReconciliationClient : public ReconciliationClient {
 public:
  // `channel` leads to its UserService (rpc::OpenChannel).
  explicit GrpcReconciliationClient(
      std::shared_ptr<grpc::ChannelInterface> channel);
  ~GrpcReconciliationClient() override;

  absl::Status PurgeUser(const UserName& user, int64_t deletion_epoch,
                         const std::string& actor) override;

 private:
  struct Stub;
  std::unique_ptr<Stub> stub_;
};

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_CLIENT_H_
