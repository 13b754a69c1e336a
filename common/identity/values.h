// The values that identify people and objects: parse once, then trust the type.
// Pure.
#ifndef ROLLCALL_COMMON_IDENTITY_VALUES_H_
#define ROLLCALL_COMMON_IDENTITY_VALUES_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// What the value types share: an immutable text, ordered as bytes.
template <typename Self>
class TextValue {
 public:
  const std::string& value() const { return text_; }
  friend bool operator==(const Self& a, const Self& b) {
    return a.value() == b.value();
  }
  friend bool operator!=(const Self& a, const Self& b) {
    return a.value() != b.value();
  }
  friend bool operator<(const Self& a, const Self& b) {
    return a.value() < b.value();
  }
  template <typename H>
  friend H AbslHashValue(H state, const Self& self) {
    return H::combine(std::move(state), self.value());
  }

 protected:
  explicit TextValue(std::string text) : text_(std::move(text)) {}

 private:
  std::string text_;
};

// The id of an object of the source: a GUID in lower case. Immutable for the
// life of the object; users are linked by it (R33).
class ObjectId : public TextValue<ObjectId> {
 public:
  // INVALID_ARGUMENT, reason OBJECT_ID_INVALID. Any case is accepted, lower
  // case is kept.
  static absl::StatusOr<ObjectId> Parse(absl::string_view text);

 private:
  using TextValue::TextValue;
};

// A username of the target: lower case after Unicode's simple case folding of
// ASCII, 1 to 1024 bytes of valid UTF-8, without control characters and without
// surrounding space (R37).
class Username : public TextValue<Username> {
 public:
  // INVALID_ARGUMENT, reason USERNAME_EMPTY or USERNAME_INVALID.
  static absl::StatusOr<Username> Parse(absl::string_view text);

 private:
  using TextValue::TextValue;
};

// A user principal name of the source: a local part, `@`, a domain; kept as it
// was given.
class UserPrincipalName : public TextValue<UserPrincipalName> {
 public:
  // INVALID_ARGUMENT, reason UPN_INVALID; also without a domain (R79).
  static absl::StatusOr<UserPrincipalName> Parse(absl::string_view text);

  absl::string_view local_part() const;  // Up to the last `@`.
  bool is_guest() const;                 // Holds `#EXT#` (A23).

 private:
  using TextValue::TextValue;
};

// An email address that may be mailed to: RFC 5321's addr-spec in ASCII,
// without quoting, comments, spaces, control characters or angle brackets, 254
// bytes at most.
class EmailAddress : public TextValue<EmailAddress> {
 public:
  // INVALID_ARGUMENT, reason EMAIL_INVALID.
  static absl::StatusOr<EmailAddress> Parse(absl::string_view text);
  // Whether Parse takes it.
  static bool IsValid(absl::string_view text);

 private:
  using TextValue::TextValue;
};

// Whether the text is well-formed UTF-8 (RFC 3629: no surrogates, no overlong
// forms).
bool IsValidUtf8(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_IDENTITY_VALUES_H_
