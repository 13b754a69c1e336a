// Decides what an update makes of an account's settings (R91, AIP-134). Pure.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_SETTINGS_H_
#define ROLLCALL_SERVICES_ENROLLMENT_SETTINGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace rollcall::enrollment {

// What an account can set; empty: the default.
struct MailTexts {
  std::string subject;
  std::string body;

  friend bool operator==(const MailTexts& a, const MailTexts& b) {
    return a.subject == b.subject && a.body == b.body;
  }
};

// The texts after the update. `paths` names the fields to change; none: those
// that `update` sets; `*`: all. Output-only paths change nothing; an unknown
// one is INVALID_ARGUMENT, reason UPDATE_MASK_INVALID; so are texts that
// mail_template.h does not take.
absl::StatusOr<MailTexts> UpdateTexts(const MailTexts& current,
                                      const MailTexts& update,
                                      const std::vector<std::string>& paths);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_SETTINGS_H_
