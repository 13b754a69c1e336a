// What Graph tells about users, groups and members, as plain values. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_SOURCE_OBJECTS_H_
#define ROLLCALL_SERVICES_DIRECTORY_SOURCE_OBJECTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "services/directory/source_id.h"

namespace rollcall::directory {

// A property of an object: not told, told to be null, or told. The difference
// matters: null clears, absence says nothing.
template <typename T>
class Field {
 public:
  Field() = default;
  Field(T value) : state_(State::kValue), value_(std::move(value)) {}
  static Field Null() {
    Field field;
    field.state_ = State::kNull;
    return field;
  }

  bool is_absent() const { return state_ == State::kAbsent; }
  bool is_null() const { return state_ == State::kNull; }
  bool has_value() const { return state_ == State::kValue; }
  // The value; the type's default if there is none.
  const T& value() const { return value_; }

  // Not told from now on, or told to be what is then put into the value. Its
  // memory serves again.
  void Clear() {
    state_ = State::kAbsent;
    if constexpr (requires { value_.clear(); }) {
      value_.clear();
    } else {
      value_ = T();
    }
  }
  T& Tell() {
    state_ = State::kValue;
    return value_;
  }

  friend bool operator==(const Field&, const Field&) = default;

 private:
  enum class State : uint8_t { kAbsent, kNull, kValue };
  State state_ = State::kAbsent;
  T value_{};
};

struct SourceUser {
  SourceId id;
  Field<std::string> user_principal_name;
  Field<std::string> display_name;
  Field<std::string> mail;
  Field<std::string> mobile_phone;
  Field<std::vector<std::string>> business_phones;
  Field<bool> account_enabled;
  Field<std::string> user_type;

  // Whether nothing but the id was told: Graph shows an object like this to
  // whom it may not show the rest. It means "no permission", never "cleared".
  bool is_limited() const {
    return !user_principal_name.has_value() && !display_name.has_value() &&
           !mail.has_value() && !account_enabled.has_value() &&
           !user_type.has_value();
  }

  // Forgets everything but its memory.
  void Clear() {
    id = SourceId();
    user_principal_name.Clear();
    display_name.Clear();
    mail.Clear();
    mobile_phone.Clear();
    business_phones.Clear();
    account_enabled.Clear();
    user_type.Clear();
  }
};

struct SourceGroup {
  SourceId id;
  Field<std::string> display_name;
  Field<std::string> description;
  Field<std::string> visibility;

  // As for users.
  bool is_limited() const { return !display_name.has_value(); }
};

enum class MemberKind : uint8_t {
  kUser,
  kGroup,
  kDevice,
  kContact,
  kServicePrincipal,
  kOther,  // A type that we do not know.
};

struct SourceMember {
  SourceId id;
  MemberKind kind = MemberKind::kOther;

  friend auto operator<=>(const SourceMember&, const SourceMember&) = default;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_SOURCE_OBJECTS_H_
