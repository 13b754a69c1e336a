// Carries out what people ask to be done to users: the decision is user_edit's,
// row, indexes, event and reply are one batch.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_WRITER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_WRITER_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "common/time/clock.h"
#include "google/protobuf/empty.pb.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_edit.h"
#include "services/reconciliation/write_call.h"

namespace rollcall::reconciliation {

struct UserWriterOptions {
  IdentityStore& store;
  DirectoryClient& directory;  // Knows who imports phones (R96).
  Clock& clock;
  std::function<std::string()> make_id;
};

// Thread-safe. `actor` is the SPIFFE id of who asks.
class UserWriter {
 public:
  explicit UserWriter(UserWriterOptions options)
      : options_(std::move(options)) {}

  absl::StatusOr<v1::User> Create(const v1::CreateUserRequest& request,
                                  const std::string& actor);
  absl::StatusOr<v1::User> Update(const v1::UpdateUserRequest& request,
                                  const std::string& actor);
  absl::StatusOr<google::protobuf::Empty> Delete(
      const v1::DeleteUserRequest& request, const std::string& actor);
  absl::StatusOr<v1::User> SetState(const v1::SetUserStateRequest& request,
                                    const std::string& actor);
  absl::StatusOr<v1::User> AddDevice(const v1::AddDeviceRequest& request,
                                     const std::string& actor);
  absl::StatusOr<v1::User> RemoveDevice(const v1::RemoveDeviceRequest& request,
                                        const std::string& actor);

 private:
  // Those of the user's directories that import phones. Waits for the directory
  // service: not inside a transaction.
  struct PhoneImports {
    absl::btree_set<std::string> asked, importing;
  };
  absl::StatusOr<PhoneImports> AskPhoneImports(const UserName& name);
  absl::StatusOr<std::string> MakeUnusedId(const Transaction& transaction);

  UserWriterOptions options_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_WRITER_H_
