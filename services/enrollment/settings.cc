#include "services/enrollment/settings.h"

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/enrollment/mail_template.h"

namespace rollcall::enrollment {
namespace {

bool IsOutputOnly(const std::string& path) {
  return path == "name" || path == "sender" || path == "message_id_domain" ||
         path == "etag";
}

}  // namespace

absl::StatusOr<MailTexts> UpdateTexts(const MailTexts& current,
                                      const MailTexts& update,
                                      const std::vector<std::string>& paths) {
  MailTexts texts = current;
  if (paths.empty()) {
    if (!update.subject.empty()) texts.subject = update.subject;
    if (!update.body.empty()) texts.body = update.body;
  }
  for (const std::string& path : paths) {
    const bool all = path == "*";
    if (!all && path != "subject" && path != "body" && !IsOutputOnly(path)) {
      return InvalidArgument(
          "UPDATE_MASK_INVALID",
          absl::StrCat("Enrollment settings have no field ", path, "."),
          {{"field", "update_mask"}, {"path", path}});
    }
    if (all || path == "subject") texts.subject = update.subject;
    if (all || path == "body") texts.body = update.body;
  }
  RETURN_IF_ERROR(ValidateSubject(texts.subject));
  RETURN_IF_ERROR(ValidateBody(texts.body));
  return texts;
}

}  // namespace rollcall::enrollment
