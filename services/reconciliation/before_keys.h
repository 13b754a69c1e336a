// Where it is kept what a user was before a run changed it, for as long as the
// events of the change: a run can be undone (B5) although the events before it
// are not kept any more.
//
//   before/<run's name>/<user>   UserRow
#ifndef ROLLCALL_SERVICES_RECONCILIATION_BEFORE_KEYS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_BEFORE_KEYS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/store/key.h"

namespace rollcall::reconciliation::keys {

inline std::string Before(absl::string_view run, absl::string_view user) {
  return rollcall::store::Key("before").String(run).String(user).Build();
}

}  // namespace rollcall::reconciliation::keys

#endif  // ROLLCALL_SERVICES_RECONCILIATION_BEFORE_KEYS_H_
