#include "common/identity/values.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/errors.h"
#include "common/status/utf8.h"

namespace rollcall {
namespace {

constexpr size_t kMaxUsernameLength = 1024;
constexpr size_t kMaxEmailLength = 254;  // RFC 5321 §4.5.3.1.3, erratum 1690.
constexpr size_t kMaxLocalPartLength = 64;    // RFC 5321 §4.5.3.1.1.
constexpr size_t kMaxDomainLabelLength = 63;  // RFC 1035 §2.3.4.

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

// RFC 5322 §3.2.3.
bool IsAtomCharacter(char c) {
  return absl::ascii_isalnum(c) ||
         absl::string_view("!#$%&'*+-/=?^_`{|}~").find(c) !=
             absl::string_view::npos;
}

bool IsDotAtom(absl::string_view text) {
  for (const absl::string_view atom : absl::StrSplit(text, '.')) {
    if (atom.empty()) return false;
    for (const char c : atom) {
      if (!IsAtomCharacter(c)) return false;
    }
  }
  return true;
}

bool IsDomain(absl::string_view text) {
  for (const absl::string_view label : absl::StrSplit(text, '.')) {
    if (label.empty() || label.size() > kMaxDomainLabelLength) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
      if (!absl::ascii_isalnum(c) && c != '-') return false;
    }
  }
  return true;
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

bool IsValidUtf8(absl::string_view text) { return ToValidUtf8(text) == text; }

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

absl::StatusOr<EmailAddress> EmailAddress::Parse(absl::string_view text) {
  const size_t at = text.rfind('@');
  if (at == absl::string_view::npos || text.size() > kMaxEmailLength ||
      at > kMaxLocalPartLength || !IsDotAtom(text.substr(0, at)) ||
      !IsDomain(text.substr(at + 1))) {
    return InvalidArgument(
        "EMAIL_INVALID",
        absl::StrCat("An email address is name@domain in ASCII, at most ",
                     kMaxEmailLength, " bytes, without quotes and comments."));
  }
  return EmailAddress(std::string(text));
}

}  // namespace rollcall
