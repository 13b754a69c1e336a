#include "tests/fakes/entra/tenant.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kAddedIds = 100;  // stream of Guid::FromSeed
constexpr absl::Duration kDeletedItemsLife = absl::Hours(30 * 24);

absl::Status NotFound(absl::string_view kind, absl::string_view name) {
  return absl::NotFoundError(
      absl::StrCat("The tenant has no ", kind, " '", name, "'."));
}

struct TextField {
  std::optional<std::string> UserFields::*field;
  UserText text;
  UserProperty property;
};

constexpr TextField kTextFields[] = {
    {&UserFields::user_principal_name, UserText::kUserPrincipalName,
     UserProperty::kUserPrincipalName},
    {&UserFields::display_name, UserText::kDisplayName,
     UserProperty::kDisplayName},
    {&UserFields::given_name, UserText::kGivenName, UserProperty::kGivenName},
    {&UserFields::surname, UserText::kSurname, UserProperty::kSurname},
    {&UserFields::mail, UserText::kMail, UserProperty::kMail},
    {&UserFields::mobile_phone, UserText::kMobilePhone,
     UserProperty::kMobilePhone},
    {&UserFields::business_phone, UserText::kBusinessPhone,
     UserProperty::kBusinessPhones},
    {&UserFields::job_title, UserText::kJobTitle, UserProperty::kJobTitle},
    {&UserFields::office_location, UserText::kOfficeLocation,
     UserProperty::kOfficeLocation},
    {&UserFields::preferred_language, UserText::kPreferredLanguage,
     UserProperty::kPreferredLanguage},
};
static_assert(std::size(kTextFields) == kUserTexts);

// Properties that are rendered from others.
PropertySet WithDerived(PropertySet changed) {
  if (changed & Bit(UserProperty::kMail)) {
    changed |=
        Bit(UserProperty::kProxyAddresses) | Bit(UserProperty::kOtherMails);
  }
  if (changed & Bit(UserProperty::kUserType)) {
    changed |=
        Bit(UserProperty::kExternalUserState) | Bit(UserProperty::kOtherMails);
  }
  if (changed & Bit(UserProperty::kUserPrincipalName)) {
    changed |= Bit(UserProperty::kMailNickname) |
               Bit(UserProperty::kOnPremisesSamAccountName);
  }
  return changed;
}

// Puts `fields` into `user`; returns what that changed.
PropertySet Apply(const UserFields& fields, User& user) {
  PropertySet changed = 0;
  UserTexts texts = user.texts.Unpack();
  for (const TextField& entry : kTextFields) {
    const std::optional<std::string>& field = fields.*entry.field;
    if (!field.has_value()) continue;
    auto& text = texts[static_cast<size_t>(entry.text)];
    const auto value = field->empty()
                           ? std::optional<absl::string_view>()
                           : std::optional<absl::string_view>(*field);
    if (text == value) continue;
    text = value;
    changed |= Bit(entry.property);
  }
  user.texts = PackedTexts(texts);
  if (fields.enabled.has_value() && *fields.enabled != user.enabled) {
    user.enabled = *fields.enabled;
    changed |= Bit(UserProperty::kAccountEnabled);
  }
  if (fields.guest.has_value() && *fields.guest != user.guest) {
    user.guest = *fields.guest;
    changed |= Bit(UserProperty::kUserType);
  }
  return WithDerived(changed);
}

absl::Status CheckUpn(absl::string_view upn) {
  const size_t at = upn.rfind('@');
  if (at == 0 || at == absl::string_view::npos || at + 1 == upn.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", upn, "' is no user principal name."));
  }
  return absl::OkStatus();
}

absl::Status UpnTaken(absl::string_view upn) {
  return absl::AlreadyExistsError(absl::StrCat(
      "Another object with the same value for property userPrincipalName "
      "already exists: '",
      upn, "'."));
}

}  // namespace

Tenant::Tenant(const TenantOptions& options, std::function<absl::Time()> now)
    : options_(options),
      now_(std::move(now)),
      state_(Generate(options)),
      security_group_soft_delete_(options.security_group_soft_delete) {}

uint32_t Tenant::NowSeconds() const {
  return static_cast<uint32_t>(absl::ToUnixSeconds(now_()));
}

absl::StatusOr<ObjectRef> Tenant::NeedUser(absl::string_view user) const {
  if (const auto id = Guid::Parse(user)) {
    const auto ref = state_.Find(*id);
    if (ref && ref->kind() == ObjectKind::kUser && state_.IsLive(*ref)) {
      return *ref;
    }
  } else if (const auto ref = state_.FindUser(user)) {
    return *ref;
  }
  return NotFound("user", user);
}

absl::StatusOr<ObjectRef> Tenant::NeedGroup(absl::string_view group) const {
  if (const auto id = Guid::Parse(group)) {
    const auto ref = state_.Find(*id);
    if (ref && ref->kind() == ObjectKind::kGroup && state_.IsLive(*ref)) {
      return *ref;
    }
  } else if (const auto ref = state_.FindGroup(group)) {
    return *ref;
  }
  return NotFound("group", group);
}

absl::StatusOr<ObjectRef> Tenant::NeedMember(absl::string_view member) const {
  if (const auto id = Guid::Parse(member)) {
    const auto ref = state_.Find(*id);
    if (ref && state_.LifeOf(*ref) != Life::kGone) return *ref;
  } else if (const auto user = state_.FindUser(member)) {
    return *user;
  } else if (const auto group = state_.FindGroup(member)) {
    return *group;
  }
  return NotFound("object", member);
}

absl::StatusOr<ObjectRef> Tenant::NeedDeleted(absl::string_view id,
                                              ObjectKind kind) const {
  if (const auto guid = Guid::Parse(id)) {
    const auto ref = state_.Find(*guid);
    if (ref && ref->kind() == kind &&
        state_.LifeOf(*ref) == Life::kSoftDeleted) {
      return *ref;
    }
  }
  return NotFound("deleted object with the id", id);
}

std::optional<UserView> Tenant::FindUser(absl::string_view user) const {
  absl::ReaderMutexLock lock(&mutex_);
  const absl::StatusOr<ObjectRef> ref = NeedUser(user);
  if (!ref.ok()) return std::nullopt;
  const User& record = state_.user(*ref);
  const auto text = [&record](UserText which) {
    return std::string(record.Text(which).value_or(""));
  };
  return UserView{.id = record.id.ToString(),
                  .user_principal_name = text(UserText::kUserPrincipalName),
                  .display_name = text(UserText::kDisplayName),
                  .mail = text(UserText::kMail),
                  .enabled = record.enabled};
}

std::optional<GroupView> Tenant::FindGroup(absl::string_view group) const {
  absl::ReaderMutexLock lock(&mutex_);
  const absl::StatusOr<ObjectRef> ref = NeedGroup(group);
  if (!ref.ok()) return std::nullopt;
  return GroupView{.id = state_.group(*ref).id.ToString(),
                   .display_name = state_.group(*ref).display_name};
}

absl::StatusOr<std::string> Tenant::AddUser(const UserFields& fields) {
  const std::string upn = fields.user_principal_name.value_or("");
  if (absl::Status status = CheckUpn(upn); !status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  if (state_.FindUser(upn)) return UpnTaken(upn);
  User user;
  user.id = Guid::FromSeed(options_.seed, kAddedIds, added_++);
  user.created_seconds = NowSeconds();
  Apply(fields, user);
  const std::string id = user.id.ToString();
  state_.Add(std::move(user));
  return id;
}

absl::StatusOr<std::string> Tenant::AddGroup(absl::string_view display_name,
                                             GroupType type) {
  if (display_name.empty()) {
    return absl::InvalidArgumentError("A group needs a display name.");
  }
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  Group group;
  group.id = Guid::FromSeed(options_.seed, kAddedIds, added_++);
  group.display_name = std::string(display_name);
  group.mail_nickname = absl::StrCat("added", added_);
  group.type = type;
  group.created_seconds = NowSeconds();
  const std::string id = group.id.ToString();
  state_.Add(std::move(group));
  return id;
}

absl::Status Tenant::UpdateUser(absl::string_view user,
                                const UserFields& fields) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedUser(user);
  if (!ref.ok()) return ref.status();
  if (fields.user_principal_name.has_value()) {
    const std::string& upn = *fields.user_principal_name;
    if (absl::Status status = CheckUpn(upn); !status.ok()) return status;
    const auto holder = state_.FindUser(upn);
    if (holder.has_value() && *holder != *ref) return UpnTaken(upn);
  }
  User changed_user = state_.user(*ref);
  const PropertySet changed = Apply(fields, changed_user);
  if (changed != 0) state_.Update(*ref, std::move(changed_user), changed);
  return absl::OkStatus();
}

absl::Status Tenant::RenameUser(absl::string_view user,
                                absl::string_view new_upn) {
  return UpdateUser(user, {.user_principal_name = std::string(new_upn)});
}

absl::Status Tenant::SwapUpns(absl::string_view one, absl::string_view other) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> first = NeedUser(one);
  if (!first.ok()) return first.status();
  const absl::StatusOr<ObjectRef> second = NeedUser(other);
  if (!second.ok()) return second.status();
  if (*first == *second) {
    return absl::InvalidArgumentError("A user has its own name already.");
  }
  const auto upn_of = [this](ObjectRef ref) {
    return std::string(*state_.user(ref).Text(UserText::kUserPrincipalName));
  };
  const auto renamed = [this](ObjectRef ref, const std::string& upn) {
    User user = state_.user(ref);
    Apply({.user_principal_name = upn}, user);
    return user;
  };
  const PropertySet changed =
      WithDerived(Bit(UserProperty::kUserPrincipalName));
  const std::string of_first = upn_of(*first);
  const std::string of_second = upn_of(*second);
  state_.Update(*first, renamed(*first, of_second), changed);
  state_.Update(*second, renamed(*second, of_first), changed);
  return absl::OkStatus();
}

absl::Status Tenant::EnableUser(absl::string_view user) {
  return UpdateUser(user, {.enabled = true});
}

absl::Status Tenant::DisableUser(absl::string_view user) {
  return UpdateUser(user, {.enabled = false});
}

absl::Status Tenant::DeleteUser(absl::string_view user) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedUser(user);
  if (!ref.ok()) return ref.status();
  state_.SoftDelete(*ref);
  return absl::OkStatus();
}

absl::Status Tenant::RestoreUser(absl::string_view id) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedDeleted(id, ObjectKind::kUser);
  if (!ref.ok()) return ref.status();
  const std::string upn = state_.UpnBeforeDeletion(*ref);
  if (state_.FindUser(upn)) return UpnTaken(upn);
  state_.Restore(*ref);
  return absl::OkStatus();
}

absl::Status Tenant::PurgeUser(absl::string_view user) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  absl::StatusOr<ObjectRef> ref = NeedDeleted(user, ObjectKind::kUser);
  if (!ref.ok()) ref = NeedUser(user);
  if (!ref.ok()) return ref.status();
  state_.Purge(*ref);
  return absl::OkStatus();
}

void Tenant::PurgeOldDeleted() {
  const absl::Time limit = now_() - kDeletedItemsLife;
  {
    absl::ReaderMutexLock lock(&mutex_);
    if (!state_.HasDeletedBefore(limit)) return;
  }
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  state_.PurgeDeletedBefore(limit);
}

absl::Status Tenant::RenameGroup(absl::string_view group,
                                 absl::string_view new_display_name) {
  if (new_display_name.empty()) {
    return absl::InvalidArgumentError("A group needs a display name.");
  }
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedGroup(group);
  if (!ref.ok()) return ref.status();
  state_.EditGroup(*ref, Bit(GroupProperty::kDisplayName),
                   [new_display_name](Group& record) {
                     record.display_name = std::string(new_display_name);
                   });
  return absl::OkStatus();
}

absl::Status Tenant::SetHiddenMembership(absl::string_view group, bool hidden) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedGroup(group);
  if (!ref.ok()) return ref.status();
  state_.EditGroup(
      *ref, Bit(GroupProperty::kVisibility),
      [hidden](Group& record) { record.hidden_membership = hidden; });
  return absl::OkStatus();
}

absl::Status Tenant::DeleteGroup(absl::string_view group) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedGroup(group);
  if (!ref.ok()) return ref.status();
  if (state_.group(*ref).type == GroupType::kMicrosoft365 ||
      security_group_soft_delete_) {
    state_.SoftDelete(*ref);
  } else {
    state_.Purge(*ref);
  }
  return absl::OkStatus();
}

absl::Status Tenant::PurgeGroup(absl::string_view group) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  absl::StatusOr<ObjectRef> ref = NeedDeleted(group, ObjectKind::kGroup);
  if (!ref.ok()) ref = NeedGroup(group);
  if (!ref.ok()) return ref.status();
  state_.Purge(*ref);
  return absl::OkStatus();
}

void Tenant::SetSecurityGroupSoftDelete(bool soft) {
  absl::MutexLock lock(&mutex_);
  security_group_soft_delete_ = soft;
}

absl::Status Tenant::RestoreGroup(absl::string_view id) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedDeleted(id, ObjectKind::kGroup);
  if (!ref.ok()) return ref.status();
  state_.Restore(*ref);
  return absl::OkStatus();
}

absl::Status Tenant::AddMember(absl::string_view group,
                               absl::string_view member) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedGroup(group);
  if (!ref.ok()) return ref.status();
  const absl::StatusOr<ObjectRef> added = NeedMember(member);
  if (!added.ok()) return added.status();
  if (added->kind() == ObjectKind::kGroup &&
      state_.group(*ref).type == GroupType::kMicrosoft365) {
    return absl::InvalidArgumentError(
        "A Microsoft 365 group cannot contain groups.");
  }
  if (!state_.AddMember(*ref, *added)) {
    return absl::AlreadyExistsError(
        absl::StrCat("'", member, "' is a member of '", group, "' already."));
  }
  return absl::OkStatus();
}

absl::Status Tenant::RemoveMember(absl::string_view group,
                                  absl::string_view member) {
  absl::MutexLock lock(&mutex_);
  state_.SetTime(now_());
  const absl::StatusOr<ObjectRef> ref = NeedGroup(group);
  if (!ref.ok()) return ref.status();
  const absl::StatusOr<ObjectRef> removed = NeedMember(member);
  if (!removed.ok()) return removed.status();
  if (!state_.RemoveMember(*ref, *removed)) {
    return absl::NotFoundError(
        absl::StrCat("'", member, "' is no member of '", group, "'."));
  }
  return absl::OkStatus();
}

std::string Tenant::UnusedUpn(absl::string_view short_name) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::string upn = absl::StrCat(short_name, "@", state_.verified_domain);
  for (int i = 1; state_.FindUser(upn).has_value(); ++i) {
    upn = absl::StrCat(short_name, i, "@", state_.verified_domain);
  }
  return upn;
}

}  // namespace rollcall::entra
