// The keys of the enrollment service's store, in the partition of the account.

#ifndef ROLLCALL_SERVICES_ENROLLMENT_KEYS_H_
#define ROLLCALL_SERVICES_ENROLLMENT_KEYS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/key.h"

namespace rollcall::enrollment {

using rollcall::store::Key;

// Person, by user.
inline std::string PersonKey(absl::string_view user) {
  return Key("people").String(user).Build();
}

// Enrollment, by user.
inline std::string EnrollmentKey(absl::string_view user) {
  return Key("enrollments").String(user).Build();
}

// Nothing, by user: those whose enrollment has neither been completed nor
// revoked.
inline std::string PendingKey(absl::string_view user) {
  return Key("pending").String(user).Build();
}

// Link, by the hash of its token.
inline std::string LinkKey(absl::string_view hash) {
  return Key("links").String(hash).Build();
}

// Mail, by its idempotency key.
inline std::string MailRowKey(absl::string_view mail) {
  return Key("mails").String(mail).Build();
}

// Nothing: the queued mails by the time of their next try.
inline std::string DueKey(absl::Time time, absl::string_view mail) {
  return Key("due").Time(time).String(mail).Build();
}

// Sending: the mails that are being sent.
inline std::string SendingKey(absl::string_view mail) {
  return Key("sending").String(mail).Build();
}

// Sending: the mails whose final dot may have been sent, by that try.
inline std::string FinalDotKey(absl::string_view mail) {
  return Key("final_dots").String(mail).Build();
}

// Directory, by its id.
inline std::string DirectoryKey(absl::string_view directory) {
  return Key("directories").String(directory).Build();
}

// Release, by the sequence of the event that ended the run.
inline std::string ReleaseKey(int64_t sequence) {
  return Key("releases").Uint64(static_cast<uint64_t>(sequence)).Build();
}

inline std::string ReleaseStateKey() { return Key("release_state").Build(); }

inline std::string SettingsKey() { return Key("settings").Build(); }

// MailCounts, by writer.
inline std::string MailCountsKey(absl::string_view writer) {
  return Key("mail_counts").String(writer).Build();
}

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_KEYS_H_
