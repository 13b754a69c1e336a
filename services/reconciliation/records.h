// Turns the plain values of model.h into rows and into the contract's messages,
// and back.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RECORDS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RECORDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/run_state.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {

// The mark of the row is not part of the value; the caller sets it.
store::UserRow ToRow(const User& user);
User FromRow(std::string id, const store::UserRow& row);
store::GroupRow ToRow(const Group& group);
Group FromRow(std::string id, const store::GroupRow& row);
void SetPlace(const RunPlace& place, store::PlaceRow* row);
RunPlace PlaceOf(const store::PlaceRow& row);

// As callers see them; `account` is the id.
v1::User ToMessage(const User& user, absl::string_view account);
v1::Group ToMessage(const Group& group, absl::string_view account);

google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RECORDS_H_
