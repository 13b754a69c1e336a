#include "services/directory/phone.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/types/optional.h"
#include "phonenumbers/phonenumberutil.h"
#include "services/directory/calling_codes.h"

namespace rollcall::directory {
namespace {

using ::i18n::phonenumbers::PhoneNumber;
using ::i18n::phonenumbers::PhoneNumberUtil;

// The longest that may be a number with its separators and an extension; more
// is not worth a parser's time.
constexpr size_t kMaxPhoneBytes = 100;

// None if no phone of the world has this number. An extension is left out: a
// call or a text needs the number.
absl::optional<std::string> AskLibrary(absl::string_view text,
                                       absl::string_view default_region) {
  const PhoneNumberUtil& library = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  // ZZ: no region, only numbers that begin with + have a country.
  const std::string region =
      default_region.empty() ? "ZZ" : std::string(default_region);
  if (library.Parse(std::string(text), region, &number) !=
          PhoneNumberUtil::NO_PARSING_ERROR ||
      !library.IsPossibleNumber(number)) {
    return absl::nullopt;
  }
  number.clear_extension();
  std::string formatted;
  library.Format(number, PhoneNumberUtil::E164, &formatted);
  return formatted;
}

// As AskLibrary, whom it asks where it cannot tell by itself.
absl::optional<std::string> ReadNumber(absl::string_view text,
                                       absl::string_view default_region) {
  if (text.size() > kMaxPhoneBytes) return absl::nullopt;
  std::string plain;
  switch (CallingCodes::Get().Read(text, default_region, plain)) {
    case NumberVerdict::kNumber:
      return plain;
    case NumberVerdict::kNotPossible:
      return absl::nullopt;
    case NumberVerdict::kUndecided:
      return AskLibrary(text, default_region);
  }
  return absl::nullopt;
}

}  // namespace

PhoneReading ReadPhones(const SourceUser& user,
                        absl::string_view default_region) {
  PhoneReading reading;
  const auto read = [&](absl::string_view text, PhoneKind kind) {
    text = absl::StripAsciiWhitespace(text);
    if (text.empty()) return;
    reading.has_phone_data = true;
    absl::optional<std::string> number = ReadNumber(text, default_region);
    if (!number.has_value()) {
      reading.warnings.push_back("PHONE_MALFORMED");
      return;
    }
    const bool is_known = std::any_of(
        reading.phones.begin(), reading.phones.end(),
        [&](const Phone& phone) { return phone.number == *number; });
    if (!is_known) reading.phones.push_back({*std::move(number), kind});
  };
  read(user.mobile_phone.value(), PhoneKind::kMobile);
  for (const std::string& text : user.business_phones.value()) {
    read(text, PhoneKind::kOffice);
  }
  return reading;
}

bool IsPhoneRegion(absl::string_view region) {
  std::set<std::string> regions;
  PhoneNumberUtil::GetInstance()->GetSupportedRegions(&regions);
  return regions.contains(std::string(region));
}

}  // namespace rollcall::directory
