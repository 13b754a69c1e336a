// Sorts very many things by their ids, in place: several times as fast as
// std::sort if the ids are random, as GUIDs are, and as fast if they are not.
// Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_ID_SORT_H_
#define ROLLCALL_SERVICES_DIRECTORY_ID_SORT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {
namespace internal {

// The values have the same bits from `shift` + 8 on.
template <typename T, typename IdOf>
void SortFromByte(absl::Span<T> values, int shift, IdOf id_of) {
  constexpr size_t kFew = 32;
  constexpr size_t kBytes = 256;
  if (values.size() <= kFew || shift < 0) {
    std::sort(values.begin(), values.end());
    return;
  }
  const auto byte_of = [&](const T& value) {
    return static_cast<uint8_t>(id_of(value).high() >> shift);
  };
  // Where what has a byte ends, and where the next of them goes.
  std::array<size_t, kBytes> end{};
  std::array<size_t, kBytes> next{};
  for (const T& value : values) ++end[byte_of(value)];
  for (size_t byte = 1; byte < kBytes; ++byte) {
    next[byte] = end[byte - 1];
    end[byte] += end[byte - 1];
  }
  const auto begin = next;
  for (size_t byte = 0; byte < kBytes; ++byte) {
    while (next[byte] < end[byte]) {
      T& value = values[next[byte]];
      const uint8_t home = byte_of(value);
      if (home != byte) std::swap(value, values[next[home]]);
      ++next[home];
    }
  }
  for (size_t byte = 0; byte < kBytes; ++byte) {
    SortFromByte(values.subspan(begin[byte], end[byte] - begin[byte]),
                 shift - 8, id_of);
  }
}

}  // namespace internal

// Ascending. The order of the values must begin with the order of the ids that
// `id_of` gives of them.
template <typename T, typename IdOf>
void SortById(std::vector<T>& values, IdOf id_of) {
  internal::SortFromByte(absl::MakeSpan(values), 56, id_of);
}

// The same, and leaves each value once.
template <typename T, typename IdOf>
void SortAndUniqueById(std::vector<T>& values, IdOf id_of) {
  SortById(values, id_of);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_ID_SORT_H_
