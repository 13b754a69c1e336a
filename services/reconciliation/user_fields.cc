#include "services/reconciliation/user_fields.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/identity/values.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::reconciliation {
namespace {

constexpr size_t kMaxDisplayNameBytes = 1024;
constexpr size_t kMaxNoteBytes = 4096;
constexpr size_t kMinPhoneDigits = 7;
constexpr size_t kMaxPhoneDigits = 17;

}  // namespace

absl::StatusOr<std::string> ParseDisplayName(absl::string_view text,
                                             absl::string_view field) {
  const bool good = text.size() <= kMaxDisplayNameBytes && IsValidUtf8(text) &&
                    std::none_of(text.begin(), text.end(), absl::ascii_iscntrl);
  if (good) return std::string(text);
  return InvalidArgument(
      "DISPLAY_NAME_INVALID",
      absl::StrCat("A display name has at most ", kMaxDisplayNameBytes,
                   " bytes of UTF-8 and no control characters."),
      {{"field", std::string(field)}});
}

absl::StatusOr<std::string> ParseGroupName(absl::string_view text) {
  ASSIGN_OR_RETURN(std::string name,
                   ParseDisplayName(text, "group.display_name"));
  if (!absl::StripAsciiWhitespace(name).empty()) return name;
  return InvalidArgument("DISPLAY_NAME_INVALID", "A group needs a name.",
                         {{"field", "group.display_name"}});
}

absl::StatusOr<std::string> ParseNote(absl::string_view text) {
  if (text.size() <= kMaxNoteBytes && IsValidUtf8(text)) {
    return std::string(text);
  }
  return InvalidArgument(
      "NOTE_INVALID",
      absl::StrCat("A note has at most ", kMaxNoteBytes, " bytes of UTF-8."),
      {{"field", "user.note"}});
}

absl::StatusOr<std::string> ParseEmail(absl::string_view text) {
  if (text.empty()) return std::string();
  ASSIGN_OR_RETURN(const EmailAddress email, EmailAddress::Parse(text));
  return email.value();
}

absl::StatusOr<std::string> ParsePhoneNumber(absl::string_view text) {
  std::string number;
  for (const char c : text) {
    if (absl::string_view(" -.()").find(c) == absl::string_view::npos) {
      number.push_back(c);
    }
  }
  const bool good =
      number.size() > kMinPhoneDigits && number.size() <= kMaxPhoneDigits + 1 &&
      number[0] == '+' && number[1] != '0' &&
      std::all_of(number.begin() + 1, number.end(), absl::ascii_isdigit);
  if (good) return number;
  return InvalidArgument("PHONE_INVALID",
                         "A phone number is + and the country code, then "
                         "digits, for example +4401617150105.",
                         {{"field", "user.phones"}});
}

}  // namespace rollcall::reconciliation
