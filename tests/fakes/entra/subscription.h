// One subscription to changes: what it asks for, and whether Graph would grant
// it (section 4 of the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_SUBSCRIPTION_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_SUBSCRIPTION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/change_log.h"
#include "tests/fakes/entra/guid.h"

namespace rollcall::entra {

struct Subscription {
  std::string id;
  std::string resource;  // as it was asked for
  std::string change_type;
  std::string notification_url;
  std::string lifecycle_url;
  std::string client_state;
  absl::Time expires;

  // What the resource and the change type mean.
  ObjectKind kind = ObjectKind::kUser;
  std::optional<Guid> object;  // nothing: all of the kind
  bool members_only = false;
  bool updated = false;
  bool deleted = false;

  uint64_t since = 0;                 // in the change log of the kind
  bool asked_to_reauthorize = false;  // since it was renewed

  // Whether it wants to hear of this change to the object with that id.
  bool Wants(const Change& change, const Guid& changed) const;
};

// Whether a change is told as a deletion. Soft deletions are updates.
inline bool IsDeletion(const Change& change) {
  return change.kind == ChangeKind::kGone;
}

// Reads the body of the request that creates one. The id is not set.
absl::StatusOr<Subscription> ParseSubscription(const std::string& json,
                                               absl::Time now);
// Reads the body of one that renews it.
absl::StatusOr<absl::Time> ParseRenewal(const std::string& json,
                                        absl::Time now);

// As JSON, with the names of Graph; `context_url` is left out if empty.
std::string WriteSubscription(const Subscription& subscription,
                              absl::string_view client_id,
                              absl::string_view context_url);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_SUBSCRIPTION_H_
