#include "tests/fakes/entra/render.h"

#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace rollcall::entra {
namespace {

std::string Time(uint32_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

absl::string_view ShortName(absl::string_view upn) {
  return upn.substr(0, upn.find('@'));
}

// Hands the value of a user's property to the visitor's Null, Bool, Id, Text
// or Texts, by its type.
template <typename Visitor>
class UserVisit {
 public:
  UserVisit(const User& user, Visitor& visitor)
      : user_(user), texts_(user.texts.Unpack()), visitor_(visitor) {}

  void Visit(UserProperty property) {
    switch (property) {
      case UserProperty::kId:
        return visitor_.Id(user_.id);
      case UserProperty::kBusinessPhones:
        return TextsOf(text(UserText::kBusinessPhone), "");
      case UserProperty::kDisplayName:
        return TextOrNull(UserText::kDisplayName);
      case UserProperty::kGivenName:
        return TextOrNull(UserText::kGivenName);
      case UserProperty::kJobTitle:
        return TextOrNull(UserText::kJobTitle);
      case UserProperty::kMail:
        return TextOrNull(UserText::kMail);
      case UserProperty::kMobilePhone:
        return TextOrNull(UserText::kMobilePhone);
      case UserProperty::kOfficeLocation:
        return TextOrNull(UserText::kOfficeLocation);
      case UserProperty::kPreferredLanguage:
        return TextOrNull(UserText::kPreferredLanguage);
      case UserProperty::kSurname:
        return TextOrNull(UserText::kSurname);
      case UserProperty::kUserPrincipalName:
        return TextOrNull(UserText::kUserPrincipalName);
      case UserProperty::kAccountEnabled:
        return visitor_.Bool(user_.enabled);
      case UserProperty::kUserType:
        return visitor_.Text(user_.guest ? "Guest" : "Member");
      case UserProperty::kMailNickname:
        return visitor_.Text(
            ShortName(text(UserText::kUserPrincipalName).value_or("")));
      case UserProperty::kOtherMails:
        return user_.guest ? TextsOf(text(UserText::kMail), "")
                           : visitor_.Texts({});
      case UserProperty::kProxyAddresses:
        return TextsOf(text(UserText::kMail), "SMTP:");
      case UserProperty::kOnPremisesImmutableId:
        if (!user_.on_premises) return visitor_.Null();
        return visitor_.Text(absl::Base64Escape(user_.id.ToString()));
      case UserProperty::kOnPremisesSyncEnabled:
        return user_.on_premises ? visitor_.Bool(true) : visitor_.Null();
      case UserProperty::kOnPremisesSamAccountName:
        if (!user_.on_premises) return visitor_.Null();
        return visitor_.Text(
            ShortName(text(UserText::kUserPrincipalName).value_or("")));
      case UserProperty::kExternalUserState:
        return user_.guest ? visitor_.Text("Accepted") : visitor_.Null();
      case UserProperty::kCreatedDateTime:
        return visitor_.Text(Time(user_.created_seconds));
      case UserProperty::kDeletedDateTime:
        if (user_.life == Life::kLive) return visitor_.Null();
        return visitor_.Text(Time(user_.deleted_seconds));
      default:
        return visitor_.Null();
    }
  }

 private:
  std::optional<absl::string_view> text(UserText which) const {
    return texts_[static_cast<size_t>(which)];
  }
  void TextOrNull(UserText which) {
    const auto value = text(which);
    value.has_value() ? visitor_.Text(*value) : visitor_.Null();
  }
  void TextsOf(std::optional<absl::string_view> value,
               absl::string_view prefix) {
    if (!value.has_value()) return visitor_.Texts({});
    const std::string with_prefix = absl::StrCat(prefix, *value);
    visitor_.Texts({with_prefix});
  }

  const User& user_;
  const UserTexts texts_;
  Visitor& visitor_;
};

std::string MailOf(const TenantState& state, const Group& group) {
  return absl::StrCat(group.mail_nickname, "@", state.verified_domain);
}

template <typename Visitor>
void VisitGroup(const TenantState& state, const Group& group,
                GroupProperty property, Visitor& visitor) {
  const bool has_mail = group.type != GroupType::kSecurity;
  const auto text_or_null = [&visitor](bool has, absl::string_view value) {
    has ? visitor.Text(value) : visitor.Null();
  };
  switch (property) {
    case GroupProperty::kId:
      return visitor.Id(group.id);
    case GroupProperty::kDeletedDateTime:
      return text_or_null(group.life != Life::kLive,
                          Time(group.deleted_seconds));
    case GroupProperty::kCreatedDateTime:
      return visitor.Text(Time(group.created_seconds));
    case GroupProperty::kDescription:
      return text_or_null(!group.description.empty(), group.description);
    case GroupProperty::kDisplayName:
      return visitor.Text(group.display_name);
    case GroupProperty::kGroupTypes:
      if (group.type != GroupType::kMicrosoft365) return visitor.Texts({});
      return visitor.Texts({"Unified"});
    case GroupProperty::kIsAssignableToRole:
      return visitor.Null();
    case GroupProperty::kMail:
      return text_or_null(has_mail, MailOf(state, group));
    case GroupProperty::kMailEnabled:
      return visitor.Bool(has_mail);
    case GroupProperty::kMailNickname:
      return visitor.Text(group.mail_nickname);
    case GroupProperty::kOnPremisesSyncEnabled:
      return visitor.Null();
    case GroupProperty::kSecurityEnabled:
      return visitor.Bool(group.type != GroupType::kMicrosoft365);
    case GroupProperty::kSecurityIdentifier:
      return visitor.Text(absl::StrCat(
          "S-1-12-1-", group.id.high >> 32, "-", group.id.high & 0xffffffff,
          "-", group.id.low >> 32, "-", group.id.low & 0xffffffff));
    case GroupProperty::kVisibility:
      if (group.hidden_membership) return visitor.Text("HiddenMembership");
      return text_or_null(group.type == GroupType::kMicrosoft365, "Private");
    case GroupProperty::kProxyAddresses:
      if (!has_mail) return visitor.Texts({});
      return visitor.Texts({absl::StrCat("SMTP:", MailOf(state, group))});
    default:
      return visitor.Null();
  }
}

// Writes "name": value.
class Writing {
 public:
  Writing(Nulls nulls, JsonWriter& json) : nulls_(nulls), json_(json) {}

  void Property(absl::string_view name) { name_ = name; }
  void Null() {
    if (nulls_ == Nulls::kWrite) json_.Key(name_).Null();
  }
  void Bool(bool value) { json_.Key(name_).Bool(value); }
  void Text(absl::string_view value) { json_.Member(name_, value); }
  void Id(const Guid& id) {
    const auto text = id.Characters();
    Text(absl::string_view(text.data(), text.size()));
  }
  void Texts(std::initializer_list<absl::string_view> values) {
    json_.Key(name_).BeginArray();
    for (absl::string_view value : values) json_.String(value);
    json_.EndArray();
  }

 private:
  const Nulls nulls_;
  JsonWriter& json_;
  absl::string_view name_;
};

class Reading {
 public:
  void Null() {}
  void Bool(bool value) { value_ = value; }
  void Text(absl::string_view value) { value_ = std::string(value); }
  void Id(const Guid& id) { value_ = id.ToString(); }
  void Texts(std::initializer_list<absl::string_view> values) {
    value_ = std::vector<std::string>(values.begin(), values.end());
  }
  FilterValue Take() { return std::move(value_); }

 private:
  FilterValue value_;
};

}  // namespace

void WriteUser(const User& user, PropertySet properties, Nulls nulls,
               JsonWriter& json) {
  Writing writing(nulls, json);
  UserVisit<Writing> values(user, writing);
  for (int i = 0; i < static_cast<int>(UserProperty::kCount); ++i) {
    if (!(properties >> i & 1)) continue;
    writing.Property(UserProperties()[i].name);
    values.Visit(static_cast<UserProperty>(i));
  }
}

void WriteGroup(const TenantState& state, const Group& group,
                PropertySet properties, Nulls nulls, JsonWriter& json) {
  Writing writing(nulls, json);
  for (int i = 0; i < static_cast<int>(GroupProperty::kMembers); ++i) {
    if (!(properties >> i & 1)) continue;
    writing.Property(GroupProperties()[i].name);
    VisitGroup(state, group, static_cast<GroupProperty>(i), writing);
  }
}

FilterValue ReadUser(const User& user, int property) {
  Reading reading;
  UserVisit<Reading>(user, reading).Visit(static_cast<UserProperty>(property));
  return reading.Take();
}

FilterValue ReadGroup(const TenantState& state, const Group& group,
                      int property) {
  Reading reading;
  VisitGroup(state, group, static_cast<GroupProperty>(property), reading);
  return reading.Take();
}

FilterValue ReadObject(const TenantState& state, ObjectRef ref, int property) {
  return ref.kind() == ObjectKind::kUser
             ? ReadUser(state.user(ref), property)
             : ReadGroup(state, state.group(ref), property);
}

absl::string_view ODataType(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kUser:
      return "#microsoft.graph.user";
    case ObjectKind::kGroup:
      return "#microsoft.graph.group";
    case ObjectKind::kDevice:
      return "#microsoft.graph.device";
    case ObjectKind::kContact:
      return "#microsoft.graph.orgContact";
    default:
      return "#microsoft.graph.servicePrincipal";
  }
}

}  // namespace rollcall::entra
