// Where it is kept whose past is still to be forgotten: written with the event
// that tells of a purge, gone when the eraser is done with the user.
//
//   erasures/<sequence of the purge>   IdRow: the user
#ifndef ROLLCALL_SERVICES_RECONCILIATION_ERASURE_KEYS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_ERASURE_KEYS_H_

#include <cstdint>
#include <string>

#include "common/store/key.h"

namespace rollcall::reconciliation::keys {

inline std::string Erasures() {
  return rollcall::store::Key("erasures").Build();
}
inline std::string Erasure(int64_t sequence) {
  return rollcall::store::Key("erasures").Int64(sequence).Build();
}

}  // namespace rollcall::reconciliation::keys

#endif  // ROLLCALL_SERVICES_RECONCILIATION_ERASURE_KEYS_H_
