// Shows directories as callers see them: what is kept, with the connection's
// state (R7) as authorization tells it now, or told it last if it does not
// answer.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_VIEW_H_
#define ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_VIEW_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/authorization_client.h"
#include "services/directory/store.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Thread-safe.
class DirectoryView {
 public:
  // Both must outlive the view.
  DirectoryView(DirectoryStore& directories, AuthorizationClient& authorization)
      : directories_(directories), authorization_(authorization) {}

  absl::StatusOr<v1::Directory> Show(const AccountName& account,
                                     const store::StoredDirectory& stored);

  // FAILED_PRECONDITION, reasons CONNECTION_NOT_FOUND and
  // REAUTHORIZATION_REQUIRED (R13), if the tenant cannot be read.
  absl::Status CheckConnected(const ConnectionName& connection);

 private:
  DirectoryStore& directories_;
  AuthorizationClient& authorization_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_VIEW_H_
