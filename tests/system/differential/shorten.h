// Shortens a random life that ends badly to one that is quicker to understand.
#ifndef ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_SHORTEN_H_
#define ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_SHORTEN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace rollcall {

// The shortest life that is found to fail too, by leaving out steps: long
// pieces first, single ones in the end. `options.steps` is a vector; `fails` is
// callable as bool(const Options&).
template <typename Options, typename Fails>
Options Shorten(Options options, Fails fails) {
  for (size_t length = options.steps.size(); length > 0; length /= 2) {
    for (size_t begin = 0; begin < options.steps.size();) {
      Options shorter = options;
      const auto first = shorter.steps.begin() + static_cast<int64_t>(begin);
      const auto last = first + static_cast<int64_t>(std::min(
                                    length, shorter.steps.size() - begin));
      shorter.steps.erase(first, last);
      if (fails(shorter)) {
        options = std::move(shorter);
      } else {
        begin += length;
      }
    }
  }
  return options;
}

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_SHORTEN_H_
