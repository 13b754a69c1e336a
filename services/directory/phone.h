// Reads the phone values of a user (R38 to R42), with libphonenumber; pure but
// for that library. A bad value costs the phone, never the user.
#ifndef ROLLCALL_SERVICES_DIRECTORY_PHONE_H_
#define ROLLCALL_SERVICES_DIRECTORY_PHONE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

enum class PhoneKind { kMobile, kOffice };

struct Phone {
  std::string number;  // `+`, country code, digits (E.164, R40).
  PhoneKind kind = PhoneKind::kMobile;

  friend bool operator==(const Phone&, const Phone&) = default;
};

struct PhoneReading {
  std::vector<Phone> phones;          // Mobile first; each number once (R42).
  bool has_phone_data = false;        // Any value, malformed ones too (R41).
  std::vector<std::string> warnings;  // PHONE_MALFORMED, once a value.
};

// Reads a user's mobile and office phones. Numbers without `+` belong to
// `default_region` (ISO 3166-1 alpha-2); if that is empty they are malformed.
PhoneReading ReadPhones(const SourceUser& user,
                        absl::string_view default_region);

// Whether numbers can be read as those of this region.
bool IsPhoneRegion(absl::string_view region);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_PHONE_H_
