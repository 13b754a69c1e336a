#include "common/identity/values.h"

#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/utf8.h"

namespace rollcall {
namespace {

constexpr size_t kMaxUsernameLength = 1024;
constexpr size_t kMaxEmailLength = 254;  // RFC 5321 §4.5.3.1.3, erratum 1690.
constexpr size_t kMaxLocalPartLength = 64;    // RFC 5321 §4.5.3.1.1.
constexpr size_t kMaxDomainLabelLength = 63;  // RFC 1035 §2.3.4.

bool IsAscii(absl::string_view text) {
  unsigned char bits = 0;
  for (const char c : text) bits |= static_cast<unsigned char>(c);
  return bits < 0x80;
}

// C0, DEL and C1 (U+0080 to U+009F), in valid UTF-8.
bool HasControlCharacter(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

bool HasSurroundingSpace(absl::string_view text) {
  return absl::StripAsciiWhitespace(text).size() != text.size();
}

// What a byte may be part of. A million addresses are looked at in a read.
enum : uint8_t { kInAtom = 1, kInDomainLabel = 2 };

constexpr std::array<uint8_t, 256> MakeByteClasses() {
  std::array<uint8_t, 256> classes{};
  const auto add = [&classes](int first, int last, uint8_t bits) {
    for (int c = first; c <= last; ++c) classes[c] |= bits;
  };
  add('0', '9', kInAtom | kInDomainLabel);
  add('A', 'Z', kInAtom | kInDomainLabel);
  add('a', 'z', kInAtom | kInDomainLabel);
  add('-', '-', kInDomainLabel);
  for (const unsigned char c : "!#$%&'*+-/=?^_`{|}~") {
    if (c != 0) add(c, c, kInAtom);  // RFC 5322 §3.2.3.
  }
  return classes;
}

constexpr std::array<uint8_t, 256> kByteClasses = MakeByteClasses();

// Whether each of the parts between dots is made of these bytes only, and not
// empty; and `fits`.
template <typename Fits>
bool IsDotted(absl::string_view text, uint8_t bytes, Fits fits) {
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '.') {
      const auto byte = static_cast<unsigned char>(text[i]);
      if ((kByteClasses[byte] & bytes) == 0) return false;
      continue;
    }
    if (i == begin || !fits(text.substr(begin, i - begin))) return false;
    begin = i + 1;
  }
  return true;
}

bool IsDotAtom(absl::string_view text) {
  return IsDotted(text, kInAtom, [](absl::string_view) { return true; });
}

bool IsDomain(absl::string_view text) {
  return IsDotted(text, kInDomainLabel, [](absl::string_view label) {
    return label.size() <= kMaxDomainLabelLength && label.front() != '-' &&
           label.back() != '-';
  });
}

bool IsGuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) return false;
  }
  return true;
}

}  // namespace

bool IsValidUtf8(absl::string_view text) {
  return IsAscii(text) || ToValidUtf8(text) == text;
}

absl::StatusOr<ObjectId> ObjectId::Parse(absl::string_view text) {
  if (!IsGuid(text)) {
    return InvalidArgument("OBJECT_ID_INVALID",
                           "An object id is a GUID: 32 hexadecimal digits in "
                           "groups of 8-4-4-4-12.");
  }
  return ObjectId(absl::AsciiStrToLower(text));
}

absl::StatusOr<Username> Username::Parse(absl::string_view text) {
  if (absl::StripAsciiWhitespace(text).empty()) {
    return InvalidArgument("USERNAME_EMPTY", "The username is empty.");
  }
  if (text.size() > kMaxUsernameLength || !IsValidUtf8(text) ||
      HasControlCharacter(text) || HasSurroundingSpace(text)) {
    return InvalidArgument(
        "USERNAME_INVALID",
        absl::StrCat("A username is at most ", kMaxUsernameLength,
                     " bytes of UTF-8 without control characters and without "
                     "surrounding space."));
  }
  return Username(absl::AsciiStrToLower(text));
}

absl::StatusOr<UserPrincipalName> UserPrincipalName::Parse(
    absl::string_view text) {
  const size_t at = text.rfind('@');
  const bool has_both =
      at != absl::string_view::npos && at > 0 && at + 1 < text.size();
  if (!has_both || text.size() > kMaxUsernameLength || !IsValidUtf8(text) ||
      HasControlCharacter(text) || HasSurroundingSpace(text)) {
    return InvalidArgument(
        "UPN_INVALID",
        absl::StrCat("A user principal name is a name, an @ and a domain, at "
                     "most ",
                     kMaxUsernameLength,
                     " bytes of UTF-8 without control characters."));
  }
  return UserPrincipalName(std::string(text));
}

absl::string_view UserPrincipalName::local_part() const {
  return absl::string_view(value()).substr(0, value().rfind('@'));
}

bool UserPrincipalName::is_guest() const {
  return absl::AsciiStrToUpper(value()).find("#EXT#") != std::string::npos;
}

bool EmailAddress::IsValid(absl::string_view text) {
  const size_t at = text.rfind('@');
  return at != absl::string_view::npos && text.size() <= kMaxEmailLength &&
         at <= kMaxLocalPartLength && IsDotAtom(text.substr(0, at)) &&
         IsDomain(text.substr(at + 1));
}

absl::StatusOr<EmailAddress> EmailAddress::Parse(absl::string_view text) {
  if (!IsValid(text)) {
    return InvalidArgument(
        "EMAIL_INVALID",
        absl::StrCat("An email address is name@domain in ASCII, at most ",
                     kMaxEmailLength, " bytes, without quotes and comments."));
  }
  return EmailAddress(std::string(text));
}

}  // namespace rollcall
