// Turns directories into the messages of the contract and of the store, and
// back.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_MESSAGES_H_
#define ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_MESSAGES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "google/protobuf/timestamp.pb.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/directory_config.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// What the caller asks for. INVALID_ARGUMENT, reasons SOURCE_ID_INVALID,
// GUEST_POLICY_INVALID and POLLING_INTERVAL_INVALID.
absl::StatusOr<DirectoryConfig> ConfigOf(const v1::Directory& message);

DirectoryConfig ConfigOf(const store::StoredDirectory& stored);

// Overwrites the configuration, and nothing else.
void SetConfig(const DirectoryConfig& config, store::StoredDirectory& stored);

// The directory as callers see it; what is not configured has its default.
v1::Directory MessageOf(const AccountName& account,
                        const store::StoredDirectory& stored,
                        const store::StoredFacts& facts);

// Whether users go to the trash. INVALID_ARGUMENT, reason
// USER_DISPOSITION_INVALID.
absl::StatusOr<bool> TrashesUsers(v1::UserDisposition disposition);

// Quoted (AIP-154).
std::string EtagOf(const store::StoredDirectory& stored);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_MESSAGES_H_
