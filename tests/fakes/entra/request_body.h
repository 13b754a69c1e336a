// What the JSON body of an action holds.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_REQUEST_BODY_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_REQUEST_BODY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::entra {

// The texts of an array in the body; nothing if there is no such array.
absl::StatusOr<std::optional<std::vector<std::string>>> TextsOfBody(
    const std::string& body, absl::string_view name);

// A flag in the body; false if it is not there.
absl::StatusOr<bool> FlagOfBody(const std::string& body,
                                absl::string_view name);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_REQUEST_BODY_H_
