#include "services/enrollment/mail_key.h"

#include "absl/strings/str_cat.h"

namespace rollcall::enrollment {

std::string MailKey(absl::string_view user, int cycle, absl::string_view kind) {
  return absl::StrCat(MailKeyPrefix(user), cycle, ".", kind);
}

std::string MailKeyPrefix(absl::string_view user) {
  return absl::StrCat(user, ".");
}

}  // namespace rollcall::enrollment
