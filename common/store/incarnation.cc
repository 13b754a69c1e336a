#include "common/store/incarnation.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/optional.h"

namespace rollcall::store {
namespace {

// tttttttt-tttt-7rrr-vrrr-rrrrrrrrrrrr: 48 bits of milliseconds since 1970.
constexpr size_t kSize = 36;
constexpr size_t kVersionAt = 14;
constexpr int64_t kMostMilliseconds = (int64_t{1} << 48) - 1;

absl::optional<int64_t> MillisecondsOf(absl::string_view incarnation) {
  int64_t milliseconds = 0;
  if (incarnation.size() != kSize || incarnation[kVersionAt] != '7' ||
      !absl::SimpleHexAtoi(
          absl::StrCat(incarnation.substr(0, 8), incarnation.substr(9, 4)),
          &milliseconds)) {
    return absl::nullopt;
  }
  return milliseconds;
}

}  // namespace

std::string NextIncarnation(absl::string_view previous, absl::Time now,
                            const std::array<uint32_t, 3>& random) {
  int64_t milliseconds = std::max<int64_t>(absl::ToUnixMillis(now), 0);
  if (const auto before = MillisecondsOf(previous); before.has_value()) {
    milliseconds = std::max(milliseconds, *before + 1);
  }
  milliseconds = std::min(milliseconds, kMostMilliseconds);
  const uint32_t version = 0x7000 | (random[0] & 0xfff);
  const uint32_t variant = 0x8000 | ((random[0] >> 16) & 0x3fff);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%04x%08x", milliseconds >> 16,
                         milliseconds & 0xffff, version, variant,
                         random[1] & 0xffff, random[2]);
}

}  // namespace rollcall::store
