// Proves that no verdict differs from libphonenumber's, and that most numbers
// get one.
#include "services/directory/calling_codes.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "phonenumbers/phonenumberutil.h"

namespace rollcall::directory {
namespace {

using ::i18n::phonenumbers::PhoneNumber;
using ::i18n::phonenumbers::PhoneNumberUtil;

// What the library says, asked as phone.cc asks it; none: not possible.
absl::optional<std::string> AskLibrary(const std::string& text,
                                       const std::string& region) {
  const PhoneNumberUtil& library = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (library.Parse(text, region, &number) !=
          PhoneNumberUtil::NO_PARSING_ERROR ||
      !library.IsPossibleNumber(number)) {
    return absl::nullopt;
  }
  number.clear_extension();
  std::string formatted;
  library.Format(number, PhoneNumberUtil::E164, &formatted);
  return formatted;
}

// How many texts got a verdict.
struct Tally {
  int read = 0;
  int asked = 0;

  double share() const { return static_cast<double>(read) / asked; }
};

void Compare(const std::string& text, const std::string& region, Tally& tally) {
  std::string number;
  ++tally.asked;
  const NumberVerdict verdict = CallingCodes::Get().Read(text, region, number);
  if (verdict == NumberVerdict::kUndecided) return;
  ++tally.read;
  const auto expected = AskLibrary(text, region);
  ASSERT_EQ(verdict == NumberVerdict::kNumber, expected.has_value())
      << text << " in " << region;
  if (expected.has_value()) {
    ASSERT_EQ(number, *expected) << text << " in " << region;
  }
}

// Random texts of digits.
class Texts {
 public:
  std::string Digits(size_t count) {
    std::string digits(count, '0');
    for (char& digit : digits) digit = static_cast<char>('0' + random_() % 10);
    return digits;
  }

  // The digits with blanks and the like here and there.
  std::string Spread(const std::string& digits) {
    constexpr char kSeparators[] = {' ', '-', '.', '(', ')'};
    std::string text;
    for (const char digit : digits) {
      text.push_back(digit);
      if (random_() % 4 == 0) {
        text.push_back(kSeparators[random_() % std::size(kSeparators)]);
      }
    }
    return text;
  }

  size_t Below(size_t end) { return random_() % end; }

 private:
  std::mt19937 random_{1};
};

std::set<std::string> Regions() {
  std::set<std::string> regions;
  PhoneNumberUtil::GetInstance()->GetSupportedRegions(&regions);
  return regions;
}

TEST(CallingCodes, R40_ReadsTheExamplesOfAllRegionsAsTheLibraryDoes) {
  const PhoneNumberUtil& library = *PhoneNumberUtil::GetInstance();
  Tally tally;
  for (const std::string& region : Regions()) {
    for (int type = 0; type <= PhoneNumberUtil::UNKNOWN; ++type) {
      PhoneNumber example;
      if (!library.GetExampleNumberForType(
              region, static_cast<PhoneNumberUtil::PhoneNumberType>(type),
              &example)) {
        continue;
      }
      for (const auto format :
           {PhoneNumberUtil::E164, PhoneNumberUtil::INTERNATIONAL,
            PhoneNumberUtil::NATIONAL}) {
        std::string text;
        library.Format(example, format, &text);
        Compare(text, region, tally);
        Compare(text, "ZZ", tally);
        Compare(text, "GB", tally);
      }
    }
  }
  EXPECT_GT(tally.asked, 10'000);
  EXPECT_GT(tally.share(), 0.5);
}

// Every calling code, also those that are none, with every two digits behind
// it: there the prefixes are.
TEST(CallingCodes, R40_ReadsInternationalNumbersAsTheLibraryDoes) {
  Texts texts;
  Tally tally;
  for (int code = 0; code < 1000; ++code) {
    for (int begin = 0; begin < 100; begin += code % 7 == 0 ? 1 : 9) {
      const std::string digits =
          absl::StrCat(code, begin, texts.Digits(texts.Below(12)));
      Compare("+" + (begin % 3 == 0 ? texts.Spread(digits) : digits), "ZZ",
              tally);
    }
  }
  EXPECT_GT(tally.share(), 0.3);
}

TEST(CallingCodes, R40_ReadsNationalNumbersAsTheLibraryDoes) {
  Texts texts;
  Tally tally;
  for (const std::string& region : Regions()) {
    for (int begin = 0; begin < 100; ++begin) {
      const std::string digits =
          absl::StrCat(begin, texts.Digits(texts.Below(12)));
      Compare(begin % 3 == 0 ? texts.Spread(digits) : digits, region, tally);
    }
  }
  EXPECT_GT(tally.share(), 0.3);
}

TEST(CallingCodes, R40_LeavesExtensionsOutAsTheLibraryDoes) {
  constexpr const char* kLabels[] = {"x",     " x", "X ",    " ext. ", "ext",
                                     " Ext ", "-x", ".ext.", " (x",    "xx"};
  Texts texts;
  Tally tally;
  for (const std::string& region : Regions()) {
    for (const char* const label : kLabels) {
      Compare(absl::StrCat(texts.Below(2) == 0 ? "" : "+",
                           texts.Digits(texts.Below(14)), label,
                           texts.Digits(texts.Below(10))),
              region, tally);
    }
  }
  EXPECT_GT(tally.share(), 0.1);
}

TEST(CallingCodes, R42_FindsNoNumberWhereTheLibraryFindsNone) {
  constexpr absl::string_view kCharacters = "aex nt.,;:=#*/+-()01~\t@[]\x7f";
  Texts texts;
  Tally tally;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (size_t size = texts.Below(12); size > 0; --size) {
      text.push_back(kCharacters[texts.Below(kCharacters.size())]);
    }
    Compare(text, i % 2 == 0 ? "GB" : "ZZ", tally);
  }
  EXPECT_GT(tally.share(), 0.3);
}

TEST(CallingCodes, LeavesOtherTextsToTheLibrary) {
  std::string number;
  for (const char* text : {"+1-800-FLOWERS", "tel:+14255550100",
                           "++14255550100", "+1/425/5550100", "+39 06 1234567",
                           "\xEF\xBC\x8B"
                           "14255550100"}) {
    EXPECT_EQ(CallingCodes::Get().Read(text, "GB", number),
              NumberVerdict::kUndecided)
        << text;
  }
}

struct PatternRow {
  const char* pattern;
  const char* digits;
  bool may_match;
};

TEST(CallingCodes, KnowsWhatAPatternMayBeginWith) {
  for (const PatternRow& row : {
           PatternRow{"0", "012", true},
           {"0", "112", false},
           {"", "012", false},
           {"1|([2-9]\\d{6})$", "123", true},
           {"1|([2-9]\\d{6})$", "223", true},
           {"1|([2-9]\\d{6})$", "023", false},
           {"(1(?:[12]\\d|79)\\d\\d)|0", "138", false},
           {"(1(?:[12]\\d|79)\\d\\d)|0", "119", true},
           {"(1(?:[12]\\d|79)\\d\\d)|0", "179", true},
           {"(1(?:[12]\\d|79)\\d\\d)|0", "178", false},
           {"0?(?:(11)15)?", "911", false},  // Only nothing.
           {"0?(?:(11)15)?", "111", true},
           {"0?(?:(11)15)?", "112", false},
           {"1{2}3", "113", true},
           {"1{2}3", "133", false},
           {"1{1,2}3", "133", true},
           {"12$", "123", false},   // More comes.
           {"1234$", "123", true},  // The end may come then.
           // What is not understood may be anything.
           {"a", "123", true},
           {"(1", "223", true},
           {"[1", "223", true},
           {"1)", "223", true},
           {"1*", "223", true},
           {"1{,2}", "223", true},
           {"1{0,2}", "223", true},
       }) {
    EXPECT_EQ(MayMatchBeginning(row.pattern, row.digits), row.may_match)
        << row.pattern << " " << row.digits;
  }
}

}  // namespace
}  // namespace rollcall::directory
