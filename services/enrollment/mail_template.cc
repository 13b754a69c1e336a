#include "services/enrollment/mail_template.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/identity/values.h"
#include "common/status/errors.h"

namespace rollcall::enrollment {
namespace {

constexpr size_t kMaxSubjectBytes = 200;
constexpr size_t kMaxBodyBytes = size_t{16} << 10;

constexpr absl::string_view kLink = "{link}";
constexpr absl::string_view kName = "{name}";

// C0 and DEL; with `line_ends`, CR, LF and tabs are fine.
bool HasControl(absl::string_view text, bool line_ends) {
  return std::any_of(text.begin(), text.end(), [&](char c) {
    const uint8_t byte = static_cast<uint8_t>(c);
    if (line_ends && (c == '\n' || c == '\r' || c == '\t')) return false;
    return byte < 0x20 || byte == 0x7F;
  });
}

}  // namespace

absl::Status ValidateSubject(absl::string_view subject) {
  if (IsValidUtf8(subject) && !HasControl(subject, /*line_ends=*/false) &&
      subject.size() <= kMaxSubjectBytes &&
      !absl::StrContains(subject, kLink)) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "SUBJECT_INVALID",
      absl::StrCat("The subject must be one line of at most ", kMaxSubjectBytes,
                   " bytes of UTF-8, without ", kLink, "."),
      {{"field", "settings.subject"}});
}

absl::Status ValidateBody(absl::string_view body) {
  if (body.empty()) return absl::OkStatus();
  if (!IsValidUtf8(body) || HasControl(body, /*line_ends=*/true) ||
      body.size() > kMaxBodyBytes) {
    return InvalidArgument(
        "BODY_INVALID",
        absl::StrCat("The body must be plain text in UTF-8, of at most ",
                     kMaxBodyBytes, " bytes."),
        {{"field", "settings.body"}});
  }
  if (!absl::StrContains(body, kLink)) {
    return InvalidArgument(
        "BODY_WITHOUT_LINK",
        absl::StrCat("The body must hold the placeholder ", kLink,
                     ", which is replaced by the user's link."),
        {{"field", "settings.body"}});
  }
  return absl::OkStatus();
}

std::string Fill(absl::string_view text, const Placeholders& placeholders) {
  std::string filled;
  while (!text.empty()) {
    const size_t brace = std::min(text.find('{'), text.size());
    filled.append(text.data(), brace);
    text.remove_prefix(brace);
    if (absl::ConsumePrefix(&text, kLink)) {
      filled += placeholders.link;
    } else if (absl::ConsumePrefix(&text, kName)) {
      filled += placeholders.name;
    } else if (absl::ConsumePrefix(&text, "{")) {
      filled += "{";
    }
  }
  return filled;
}

}  // namespace rollcall::enrollment
