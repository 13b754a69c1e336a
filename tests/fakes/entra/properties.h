// The properties of users and groups that the emulator knows, by their names
// in the Graph v1.0 metadata, with what each may be filtered by.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_PROPERTIES_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_PROPERTIES_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rollcall::entra {

// A set of properties, one bit each: of UserProperty or of GroupProperty.
using PropertySet = uint64_t;

template <typename Property>
constexpr PropertySet Bit(Property property) {
  return PropertySet{1} << static_cast<int>(property);
}

enum class UserProperty : uint8_t {
  kId,
  kBusinessPhones,
  kDisplayName,
  kGivenName,
  kJobTitle,
  kMail,
  kMobilePhone,
  kOfficeLocation,
  kPreferredLanguage,
  kSurname,
  kUserPrincipalName,
  // From here on only by $select.
  kAccountEnabled,
  kUserType,
  kMailNickname,
  kOtherMails,
  kProxyAddresses,
  kOnPremisesImmutableId,
  kOnPremisesSyncEnabled,
  kOnPremisesSamAccountName,
  kExternalUserState,
  kCreatedDateTime,
  kDeletedDateTime,
  // From here on always null.
  kDepartment,
  kCompanyName,
  kEmployeeId,
  kCity,
  kCountry,
  kState,
  kStreetAddress,
  kPostalCode,
  kUsageLocation,
  kFaxNumber,
  kAgeGroup,
  kSecurityIdentifier,
  kOnPremisesSecurityIdentifier,
  kOnPremisesUserPrincipalName,
  kOnPremisesLastSyncDateTime,
  kCount,
};

enum class GroupProperty : uint8_t {
  kId,
  kDeletedDateTime,
  kCreatedDateTime,
  kDescription,
  kDisplayName,
  kGroupTypes,
  kIsAssignableToRole,
  kMail,
  kMailEnabled,
  kMailNickname,
  kOnPremisesSyncEnabled,
  kSecurityEnabled,
  kSecurityIdentifier,
  kVisibility,
  kMembershipRule,
  kProxyAddresses,
  // A relation, that only delta queries select.
  kMembers,
  kCount,
};

// How a property may be filtered by one operator.
enum class FilterSupport : uint8_t { kNone, kDefault, kAdvanced };

struct PropertyInfo {
  absl::string_view name;
  FilterSupport equals = FilterSupport::kNone;    // eq; ne is advanced then
  FilterSupport compares = FilterSupport::kNone;  // ge, le
  FilterSupport in = FilterSupport::kNone;
  FilterSupport starts_with = FilterSupport::kNone;
  FilterSupport ends_with = FilterSupport::kNone;
  bool many = false;  // a list of texts, which filters ask with any()
  FilterSupport orders = FilterSupport::kNone;  // $orderby

  bool is_indexed() const {
    return equals != FilterSupport::kNone ||
           starts_with != FilterSupport::kNone;
  }
};

// All properties, in the order of the enum.
absl::Span<const PropertyInfo> UserProperties();
absl::Span<const PropertyInfo> GroupProperties();

// The bit position of a property; names are matched without regard to case.
std::optional<int> FindProperty(absl::Span<const PropertyInfo> properties,
                                absl::string_view name);

inline constexpr PropertySet kAllUserProperties = Bit(UserProperty::kCount) - 1;
inline constexpr PropertySet kDefaultUserProperties =
    Bit(UserProperty::kAccountEnabled) - 1;
inline constexpr PropertySet kAllGroupProperties =
    Bit(GroupProperty::kMembers) - 1;
inline constexpr PropertySet kDefaultGroupProperties = kAllGroupProperties;

// What delta queries track when nothing is selected.
inline constexpr PropertySet kDefaultUserDelta = kDefaultUserProperties;
inline constexpr PropertySet kDefaultGroupDelta =
    kDefaultGroupProperties | Bit(GroupProperty::kMembers);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_PROPERTIES_H_
