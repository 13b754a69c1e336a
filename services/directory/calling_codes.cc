#include "services/directory/calling_codes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "phonenumbers/phonemetadata.pb.h"
#include "phonenumbers/phonenumberutil.h"

// The library exports its metadata, a serialized PhoneMetadataCollection, and
// declares it in none of the headers that are installed.
namespace i18n::phonenumbers {
int metadata_size();
const void* metadata_get();
}  // namespace i18n::phonenumbers

namespace rollcall::directory {
namespace {

using ::i18n::phonenumbers::PhoneMetadata;
using ::i18n::phonenumbers::PhoneMetadataCollection;
using ::i18n::phonenumbers::PhoneNumberDesc;
using ::i18n::phonenumbers::PhoneNumberUtil;

constexpr size_t kMaxCodeDigits = 3;
constexpr size_t kKnownDigits = 3;
constexpr uint32_t kAnyDigit = 0x3ff;
// What the library takes for a number at all, its calling code left out.
constexpr size_t kMaxNumberDigits = 17;

// Follows a pattern along the digits that are known. A set of places is a
// bitmap: bit i means that the pattern so far may have matched i digits; the
// last bit, of all known ones, stands for any number from there on.
class PatternWalk {
 public:
  PatternWalk(absl::string_view pattern, absl::string_view digits)
      : pattern_(pattern), digits_(digits), last_(1u << digits.size()) {}

  bool MayMatch() {
    const uint32_t end = Alternatives(1);
    // A match of nothing changes nothing.
    return failed_ || next_ != pattern_.size() || (end & ~uint32_t{1}) != 0;
  }

 private:
  bool at_end() const { return next_ >= pattern_.size(); }
  char peek() const { return pattern_[next_]; }
  bool Take(absl::string_view token) {
    if (pattern_.substr(next_, token.size()) != token) return false;
    next_ += token.size();
    return true;
  }
  uint32_t Fail() {
    failed_ = true;
    next_ = pattern_.size();
    return last_;
  }

  uint32_t Alternatives(uint32_t from) {
    uint32_t to = Sequence(from);
    while (Take("|")) to |= Sequence(from);
    return to;
  }

  uint32_t Sequence(uint32_t from) {
    while (!at_end() && peek() != '|' && peek() != ')') from = Repeated(from);
    return from;
  }

  // One atom and how often it comes.
  uint32_t Repeated(uint32_t from) {
    const size_t begin = next_;
    uint32_t to = Atom(from);
    const size_t end = next_;
    if (Take("?")) return from | to;
    if (!Take("{")) return to;
    int least = 0;
    int most = 0;
    if (!Number(least)) return Fail();
    most = least;
    if (Take(",") && !Number(most)) return Fail();
    if (!Take("}") || least < 1 || most < least) return Fail();
    const size_t behind = next_;
    uint32_t all = least == 1 ? to : 0;
    for (int count = 2; count <= most; ++count) {
      next_ = begin;
      to = Atom(to);
      if (next_ != end) return Fail();
      if (count >= least) all |= to;
    }
    next_ = behind;
    return all;
  }

  uint32_t Atom(uint32_t from) {
    if (Take("$")) return from & last_;
    if (Take("(")) {
      Take("?:");
      const uint32_t to = Alternatives(from);
      return Take(")") ? to : Fail();
    }
    if (Take("\\d")) return Step(from, kAnyDigit);
    if (Take("[")) return Class(from);
    if (!at_end() && absl::ascii_isdigit(peek())) {
      return Step(from, 1u << (pattern_[next_++] - '0'));
    }
    return Fail();
  }

  // `[2-579]`.
  uint32_t Class(uint32_t from) {
    uint32_t digits = 0;
    while (!at_end() && absl::ascii_isdigit(peek())) {
      const int first = pattern_[next_++] - '0';
      int last = first;
      if (Take("-")) {
        if (at_end() || !absl::ascii_isdigit(peek())) return Fail();
        last = pattern_[next_++] - '0';
      }
      for (int digit = first; digit <= last; ++digit) digits |= 1u << digit;
    }
    return Take("]") ? Step(from, digits) : Fail();
  }

  // One digit further, where it is one of these.
  uint32_t Step(uint32_t from, uint32_t digits) const {
    uint32_t to = from & last_;
    for (size_t i = 0; i < digits_.size(); ++i) {
      const bool fits = (digits >> (digits_[i] - '0') & 1) != 0;
      if ((from >> i & 1) != 0 && fits) to |= 1u << (i + 1);
    }
    return to;
  }

  bool Number(int& number) {
    if (at_end() || !absl::ascii_isdigit(peek())) return false;
    number = 0;
    while (!at_end() && absl::ascii_isdigit(peek())) {
      number = number * 10 + (pattern_[next_++] - '0');
      if (number > 99) return false;
    }
    return true;
  }

  const absl::string_view pattern_;
  const absl::string_view digits_;
  const uint32_t last_;
  size_t next_ = 0;
  bool failed_ = false;
};

template <typename Lengths>
uint32_t BitsOf(const Lengths& lengths) {
  uint32_t bits = 0;
  for (const int length : lengths) {
    // -1 means that there is none.
    if (length > 0 && length < 32) bits |= 1u << length;
  }
  return bits;
}

bool Has(uint32_t lengths, size_t length) {
  return length < 32 && (lengths >> length & 1) != 0;
}

size_t ToNumber(absl::string_view digits) {
  size_t number = 0;
  for (const char digit : digits) {
    number = number * 10 + static_cast<size_t>(digit - '0');
  }
  return number;
}

// The digits of a text; false if there is anything else but separators.
bool TakeDigits(absl::string_view text, std::string& digits) {
  digits.clear();
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) {
      digits.push_back(c);
    } else if (c != ' ' && c != '-' && c != '(' && c != ')' && c != '.') {
      return false;
    }
  }
  return true;
}

// Takes `x123`, `ext. 123` and the like off the end; true if there was one. To
// the library they are extensions if what stands before them may be a number.
bool DropExtension(absl::string_view& text) {
  constexpr size_t kMostDigits = 7;
  const size_t label = text.find_first_of("xXeE");
  if (label == absl::string_view::npos) return false;
  absl::string_view rest = text.substr(label);
  if (absl::StartsWithIgnoreCase(rest, "ext")) {
    rest.remove_prefix(3);
    absl::ConsumePrefix(&rest, ".");
  } else if (absl::StartsWithIgnoreCase(rest, "x")) {
    rest.remove_prefix(1);
  }
  absl::ConsumePrefix(&rest, " ");
  if (rest.empty() || rest.size() > kMostDigits ||
      !std::all_of(rest.begin(), rest.end(), absl::ascii_isdigit)) {
    return false;
  }
  text = text.substr(0, label);
  return true;
}

// Whether a text is not even two digits: no number to the library, whatever
// else is in it. Digits of other scripts are digits to it as well.
bool HasNoNumber(absl::string_view text) {
  int digits = 0;
  for (const char c : text) {
    if (!absl::ascii_isascii(c)) return false;
    if (absl::ascii_isdigit(c)) ++digits;
  }
  return digits < 2;
}

}  // namespace

bool MayMatchBeginning(absl::string_view pattern, absl::string_view digits) {
  return PatternWalk(pattern, digits).MayMatch();
}

const CallingCodes& CallingCodes::Get() {
  static const CallingCodes codes;
  return codes;
}

CallingCodes::CallingCodes() {
  PhoneMetadataCollection collection;
  // What cannot be read is left to the library, all of it.
  if (!collection.ParseFromArray(::i18n::phonenumbers::metadata_get(),
                                 ::i18n::phonenumbers::metadata_size())) {
    return;
  }
  const PhoneNumberUtil& library = *PhoneNumberUtil::GetInstance();
  for (const PhoneMetadata& region : collection.metadata()) {
    // Of the regions that share a calling code, the library asks its main one.
    std::string main;
    library.GetRegionCodeForCountryCode(region.country_code(), &main);
    const auto code = static_cast<size_t>(region.country_code());
    if (region.id() != main || code >= plans_.size()) continue;
    auto plan = std::make_unique<Plan>();
    const PhoneNumberDesc& desc = region.general_desc();
    plan->code = absl::StrCat(code);
    plan->lengths = BitsOf(desc.possible_length());
    plan->local_lengths = BitsOf(desc.possible_length_local_only());
    plan->prefix_pattern = region.national_prefix_for_parsing();
    plan->number_pattern = desc.national_number_pattern();
    // A prefix that is replaced by something else is none that just goes.
    if (!region.has_national_prefix_transform_rule()) {
      plan->national_prefix = region.national_prefix();
    }
    regions_[region.id()] = {plan.get(), region.international_prefix()};
    plans_[code] = std::move(plan);
  }
}

CallingCodes::Beginning CallingCodes::Plan::BeginningOf(
    absl::string_view known) const {
  std::atomic<Beginning>& beginning = beginnings[ToNumber(known)];
  Beginning state = beginning.load(std::memory_order_relaxed);
  if (state != Beginning::kUnknown) return state;
  if (!MayMatchBeginning(prefix_pattern, known)) {
    state = Beginning::kStays;
  } else if (prefix_pattern == national_prefix &&
             absl::StartsWith(known, national_prefix) &&
             !MayMatchBeginning(number_pattern, known)) {
    // The library leaves it if the number is one with it, and none without.
    state = Beginning::kLosesPrefix;
  } else {
    state = Beginning::kUndecided;
  }
  beginning.store(state, std::memory_order_relaxed);
  return state;
}

NumberVerdict CallingCodes::Plan::Read(absl::string_view national,
                                       std::string& number) const {
  if (national.size() <= kKnownDigits || national.size() > kMaxNumberDigits) {
    return NumberVerdict::kUndecided;
  }
  const Beginning beginning = BeginningOf(national.substr(0, kKnownDigits));
  if (beginning == Beginning::kUndecided) return NumberVerdict::kUndecided;
  if (beginning == Beginning::kLosesPrefix) {
    national.remove_prefix(national_prefix.size());
    // Back comes the prefix if the rest has no good length.
    if (!Has(lengths, national.size())) return NumberVerdict::kUndecided;
  }
  // More zeros may be part of a number or not: the library knows.
  if (national.front() == '0') return NumberVerdict::kUndecided;
  if (!Has(lengths | local_lengths, national.size())) {
    return NumberVerdict::kNotPossible;
  }
  number = absl::StrCat("+", code, national);
  return NumberVerdict::kNumber;
}

NumberVerdict CallingCodes::Read(absl::string_view text,
                                 absl::string_view region,
                                 std::string& number) const {
  if (HasNoNumber(text)) return NumberVerdict::kNotPossible;
  thread_local std::string digits;
  const bool international = absl::ConsumePrefix(&text, "+");
  const bool has_extension = DropExtension(text);
  if (!TakeDigits(text, digits) ||
      (has_extension && digits.size() <= kKnownDigits)) {
    return NumberVerdict::kUndecided;
  }
  return international ? ReadInternational(digits, region, number)
                       : ReadNational(digits, region, number);
}

NumberVerdict CallingCodes::ReadInternational(absl::string_view digits,
                                              absl::string_view region,
                                              std::string& number) const {
  // No calling code is the beginning of another one, and none has a zero in
  // front.
  for (size_t size = 1; size <= std::min(kMaxCodeDigits, digits.size());
       ++size) {
    const auto& plan = plans_[ToNumber(digits.substr(0, size))];
    if (plan != nullptr && digits.front() != '0') {
      return plan->Read(digits.substr(size), number);
    }
  }
  // The library tries again without the `+`.
  return MayHaveOwnCode(digits, region) ? NumberVerdict::kUndecided
                                        : NumberVerdict::kNotPossible;
}

NumberVerdict CallingCodes::ReadNational(absl::string_view digits,
                                         absl::string_view region,
                                         std::string& number) const {
  const auto found = regions_.find(region);
  if (found == regions_.end() || MayHaveOwnCode(digits, region)) {
    return NumberVerdict::kUndecided;
  }
  return found->second.plan->Read(digits, number);
}

bool CallingCodes::MayHaveOwnCode(absl::string_view digits,
                                  absl::string_view region) const {
  const auto found = regions_.find(region);
  if (found == regions_.end()) return true;
  return MayMatchBeginning(found->second.international_prefix_pattern,
                           digits.substr(0, kKnownDigits)) ||
         absl::StartsWith(digits, found->second.plan->code);
}

}  // namespace rollcall::directory
