// Reads phone numbers of plain digits as libphonenumber reads them, without its
// regular expressions: tens of times as fast.
//
// What the library does with such digits depends on few things of its metadata:
// which calling codes there are, how long numbers behind them are, and what
// looks like a prefix that has to go. Here a number is read only if its first
// three digits settle that nothing of it goes, or that just the national prefix
// does. All others are left to the library, so that no verdict differs
// (calling_codes_test.cc compares them).
#ifndef ROLLCALL_SERVICES_DIRECTORY_CALLING_CODES_H_
#define ROLLCALL_SERVICES_DIRECTORY_CALLING_CODES_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace rollcall::directory {

enum class NumberVerdict : uint8_t {
  kNumber,
  kNotPossible,  // No phone of the world has this number.
  kUndecided,    // Ask the library.
};

// Thread-safe.
class CallingCodes {
 public:
  // Those of the library that is linked.
  static const CallingCodes& Get();

  // Digits, with a `+` in front or not, an extension behind them or not, and
  // separators between them: blanks, hyphens, dots and round brackets. Numbers
  // without `+` belong to `region`. Anything else is left to the library, but
  // for texts that hold no number at all.
  // `number` holds `+` and digits if the verdict is kNumber.
  NumberVerdict Read(absl::string_view text, absl::string_view region,
                     std::string& number) const;

 private:
  // What becomes of a number because of its first three digits.
  enum class Beginning : uint8_t {
    kUnknown,  // Nobody has asked yet.
    kStays,
    kLosesPrefix,  // The national prefix, and nothing else.
    kUndecided,
  };

  // One calling code.
  struct Plan {
    std::string code;
    uint32_t lengths = 0;        // Bit n: numbers of n digits are possible;
    uint32_t local_lengths = 0;  // without an area code.
    std::string national_prefix;
    std::string prefix_pattern;
    std::string number_pattern;
    mutable std::array<std::atomic<Beginning>, 1000> beginnings{};

    Beginning BeginningOf(absl::string_view known) const;
    NumberVerdict Read(absl::string_view national, std::string& number) const;
  };

  // Where a number without `+` belongs to.
  struct Region {
    const Plan* plan = nullptr;
    std::string international_prefix_pattern;
  };

  CallingCodes();
  NumberVerdict ReadInternational(absl::string_view digits,
                                  absl::string_view region,
                                  std::string& number) const;
  NumberVerdict ReadNational(absl::string_view digits, absl::string_view region,
                             std::string& number) const;
  // Whether digits without `+` may begin with a calling code all the same: that
  // of the region itself, or any behind the prefix for calls abroad.
  bool MayHaveOwnCode(absl::string_view digits, absl::string_view region) const;

  // By the number of the calling code; none: no such code.
  std::array<std::unique_ptr<const Plan>, 1000> plans_;
  // By its name; the main one of each calling code.
  absl::flat_hash_map<std::string, Region> regions_;
};

// Whether the regular expression may match a beginning, not empty, of a number
// with these first digits and more behind them. True if in doubt; false only if
// it is certain. Knows the syntax that the metadata uses: digits, `[...]`,
// `\d`, groups, `|`, `?`, `{n,m}`, `$`.
bool MayMatchBeginning(absl::string_view pattern, absl::string_view digits);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_CALLING_CODES_H_
