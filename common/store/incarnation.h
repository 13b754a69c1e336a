// Names histories of stores: UUIDs that grow from one history of a store to the
// next, so that of two one can tell which came later (RFC 9562, version 7).
// Pure.
#ifndef ROLLCALL_COMMON_STORE_INCARNATION_H_
#define ROLLCALL_COMMON_STORE_INCARNATION_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall::store {

// A name that nobody has: of this millisecond, or of the one after `previous`
// if the clock has not come that far, so that it is greater as text whatever
// the clock says. `previous` is the name of the history before, or empty; one
// that is no UUID of version 7 has no place in that order.
std::string NextIncarnation(absl::string_view previous, absl::Time now,
                            const std::array<uint32_t, 3>& random);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_INCARNATION_H_
