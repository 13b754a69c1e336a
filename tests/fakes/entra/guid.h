// An object id of Entra. Ordered like its text form.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GUID_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GUID_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace rollcall::entra {

struct Guid {
  uint64_t high = 0;
  uint64_t low = 0;

  // Any letter case; the form with four dashes and no braces.
  static std::optional<Guid> Parse(absl::string_view text);

  // A guid that looks random (version 4) and depends only on the arguments.
  static Guid FromSeed(uint64_t seed, uint64_t stream, uint64_t ordinal);

  // The lower-case text form.
  std::array<char, 36> Characters() const;
  std::string ToString() const;

  friend auto operator<=>(const Guid&, const Guid&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Guid& guid) {
    return H::combine(std::move(h), guid.high, guid.low);
  }
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GUID_H_
