#include "tests/fakes/entra/properties.h"

#include "absl/strings/match.h"

namespace rollcall::entra {
namespace {

using enum FilterSupport;

// The table of entra-graph-protocol section 2.1, in the order of UserProperty.
constexpr PropertyInfo kUserProperties[] = {
    {"id", kDefault},
    {"businessPhones", kAdvanced, kAdvanced},
    {"displayName", kDefault, kDefault},
    {"givenName", kDefault, kDefault},
    {"jobTitle", kDefault, kDefault},
    {"mail", kDefault, kDefault, kAdvanced},
    {"mobilePhone", kAdvanced, kAdvanced},
    {"officeLocation", kAdvanced, kAdvanced},
    {"preferredLanguage", kAdvanced, kAdvanced},
    {"surname", kDefault, kDefault},
    {"userPrincipalName", kDefault, kDefault, kAdvanced},
    {"accountEnabled", kDefault},
    {"userType", kDefault},
    {"mailNickname", kDefault, kDefault},
    {"otherMails", kDefault, kDefault, kAdvanced},
    {"proxyAddresses", kDefault, kDefault, kAdvanced},
    {"onPremisesImmutableId", kDefault, kDefault},
    {"onPremisesSyncEnabled", kDefault},
    {"onPremisesSamAccountName", kAdvanced, kAdvanced},
    {"externalUserState", kAdvanced},
    {"createdDateTime", kAdvanced},
    {"deletedDateTime"},
    {"department", kDefault, kDefault},
    {"companyName", kAdvanced, kAdvanced},
    {"employeeId", kDefault, kDefault},
    {"city", kDefault, kDefault},
    {"country", kDefault, kDefault},
    {"state", kDefault, kDefault},
    {"streetAddress", kAdvanced, kAdvanced},
    {"postalCode", kAdvanced, kAdvanced},
    {"usageLocation", kDefault, kDefault},
    {"faxNumber", kAdvanced, kAdvanced},
    {"ageGroup"},
    {"securityIdentifier", kDefault},
    {"onPremisesSecurityIdentifier", kDefault},
    {"onPremisesUserPrincipalName"},
    {"onPremisesLastSyncDateTime", kDefault},
};
static_assert(std::size(kUserProperties) ==
              static_cast<size_t>(UserProperty::kCount));

constexpr PropertyInfo kGroupProperties[] = {
    {"id", kDefault},
    {"deletedDateTime"},
    {"createdDateTime", kAdvanced},
    {"description", kAdvanced, kAdvanced},
    {"displayName", kDefault, kDefault},
    {"groupTypes", kDefault},
    {"isAssignableToRole", kDefault},
    {"mail", kDefault, kDefault},
    {"mailEnabled", kDefault},
    {"mailNickname", kDefault, kDefault},
    {"onPremisesSyncEnabled", kDefault},
    {"securityEnabled", kDefault},
    {"securityIdentifier", kDefault},
    {"visibility"},
    {"membershipRule"},
    {"proxyAddresses", kDefault, kDefault},
    {"members"},
};
static_assert(std::size(kGroupProperties) ==
              static_cast<size_t>(GroupProperty::kCount));

}  // namespace

absl::Span<const PropertyInfo> UserProperties() { return kUserProperties; }
absl::Span<const PropertyInfo> GroupProperties() { return kGroupProperties; }

std::optional<int> FindProperty(absl::Span<const PropertyInfo> properties,
                                absl::string_view name) {
  for (size_t i = 0; i < properties.size(); ++i) {
    if (absl::EqualsIgnoreCase(properties[i].name, name)) {
      return static_cast<int>(i);
    }
  }
  return std::nullopt;
}

}  // namespace rollcall::entra
