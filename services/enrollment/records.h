// Turns stored messages, and users of the feed, into what the pure modules
// decide upon.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_RECORDS_H_
#define ROLLCALL_SERVICES_ENROLLMENT_RECORDS_H_

#include <string>

#include "absl/types/optional.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/enrollment/cycle.h"
#include "services/enrollment/eligibility.h"
#include "services/enrollment/store.pb.h"

namespace rollcall::enrollment {

// What we keep of a user.
store::Person PersonOf(const reconciliation::v1::User& user);

// The user as `directory` (an id) sees it.
Candidate CandidateOf(const store::Person& person,
                      const std::string& directory);

DirectoryOptions OptionsOf(const absl::optional<store::Directory>& directory);

Cycle CycleOf(const store::Enrollment& enrollment);
absl::optional<Cycle> CycleOf(
    const absl::optional<store::Enrollment>& enrollment);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_RECORDS_H_
