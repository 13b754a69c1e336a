#include "tests/fakes/entra/properties.h"

#include "absl/strings/match.h"

namespace rollcall::entra {
namespace {

using enum FilterSupport;

// Rows of the table of entra-graph-protocol section 2.1, by name.
constexpr PropertyInfo Text(absl::string_view name) {
  return {name, kDefault, kDefault, kDefault, kDefault};
}
constexpr PropertyInfo AdvancedText(absl::string_view name) {
  return {name, kAdvanced, kAdvanced, kAdvanced, kAdvanced};
}
constexpr PropertyInfo Address(absl::string_view name) {
  return {name, kDefault, kDefault, kDefault, kDefault, kAdvanced};
}
constexpr PropertyInfo Choice(absl::string_view name) {  // eq and in only
  return {name, kDefault, kNone, kDefault};
}
constexpr PropertyInfo Flag(absl::string_view name) {  // eq only
  return {name, kDefault};
}
constexpr PropertyInfo Time(absl::string_view name) {
  return {name, kAdvanced, kAdvanced, kAdvanced};
}
constexpr PropertyInfo Nothing(absl::string_view name) { return {name}; }
constexpr PropertyInfo Many(PropertyInfo info) {
  info.many = true;
  return info;
}
constexpr PropertyInfo Ordered(PropertyInfo info) {
  info.orders = kDefault;
  return info;
}
constexpr PropertyInfo OrderedIfAdvanced(PropertyInfo info) {
  info.orders = kAdvanced;
  return info;
}
constexpr PropertyInfo WithoutIn(PropertyInfo info) {
  info.in = kNone;
  return info;
}

// In the order of UserProperty.
constexpr PropertyInfo kUserProperties[] = {
    Choice("id"),
    Many(AdvancedText("businessPhones")),
    Ordered(Text("displayName")),
    Text("givenName"),
    Text("jobTitle"),
    Address("mail"),
    AdvancedText("mobilePhone"),
    AdvancedText("officeLocation"),
    AdvancedText("preferredLanguage"),
    Text("surname"),
    Ordered(Address("userPrincipalName")),
    Choice("accountEnabled"),
    Choice("userType"),
    Text("mailNickname"),
    Many(Address("otherMails")),
    Many(WithoutIn(Address("proxyAddresses"))),
    Text("onPremisesImmutableId"),
    Flag("onPremisesSyncEnabled"),
    AdvancedText("onPremisesSamAccountName"),
    AdvancedText("externalUserState"),
    OrderedIfAdvanced(Time("createdDateTime")),
    OrderedIfAdvanced(Nothing("deletedDateTime")),
    Text("department"),
    AdvancedText("companyName"),
    Text("employeeId"),
    Text("city"),
    Text("country"),
    Text("state"),
    AdvancedText("streetAddress"),
    AdvancedText("postalCode"),
    Text("usageLocation"),
    AdvancedText("faxNumber"),
    Nothing("ageGroup"),
    Choice("securityIdentifier"),
    Flag("onPremisesSecurityIdentifier"),
    Nothing("onPremisesUserPrincipalName"),
    Time("onPremisesLastSyncDateTime"),
};
static_assert(std::size(kUserProperties) ==
              static_cast<size_t>(UserProperty::kCount));

// In the order of GroupProperty.
constexpr PropertyInfo kGroupProperties[] = {
    Choice("id"),
    OrderedIfAdvanced(Nothing("deletedDateTime")),
    OrderedIfAdvanced(Time("createdDateTime")),
    AdvancedText("description"),
    Ordered(Text("displayName")),
    Many(Flag("groupTypes")),
    Flag("isAssignableToRole"),
    Address("mail"),
    Flag("mailEnabled"),
    Text("mailNickname"),
    Flag("onPremisesSyncEnabled"),
    Choice("securityEnabled"),
    Choice("securityIdentifier"),
    Nothing("visibility"),
    Nothing("membershipRule"),
    Many(WithoutIn(Address("proxyAddresses"))),
    Nothing("members"),
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
