#include "services/directory/user_row.h"

#include <vector>

#include "services/directory/phone.h"
#include "services/directory/record_mapping.h"

namespace rollcall::directory {
namespace {

using store::StoredPhone;
using store::StoredUser;

void FillSource(const SourceUser& user, StoredUser& row) {
  row.set_user_principal_name(user.user_principal_name.value());
  row.set_mail(user.mail.value());
  row.set_user_type(user.user_type.value());
  row.set_mobile_phone(user.mobile_phone.value());
  for (const std::string& phone : user.business_phones.value()) {
    row.add_business_phones(phone);
  }
}

void FillMapped(const MappedUser& mapped, StoredUser& row) {
  row.set_username(mapped.username);
  row.set_display_name(mapped.display_name.data(), mapped.display_name.size());
  row.set_email(mapped.email.data(), mapped.email.size());
  row.set_account_enabled(mapped.enabled);
  row.set_guest(mapped.guest);
  row.set_skip_reason(mapped.skip_reason);
  for (const std::string& warning : mapped.warnings) row.add_warnings(warning);
}

void FillPhones(const PhoneReading& reading, StoredUser& row) {
  row.set_has_phone_data(reading.has_phone_data);
  for (const Phone& phone : reading.phones) {
    StoredPhone& stored = *row.add_phones();
    stored.set_number(phone.number);
    stored.set_office(phone.kind == PhoneKind::kOffice);
  }
  for (const std::string& warning : reading.warnings) {
    row.add_warnings(warning);
  }
}

Field<std::string> TextField(const std::string& text) {
  return text.empty() ? Field<std::string>::Null() : Field<std::string>(text);
}

}  // namespace

void MapToRow(const SourceUser& user, const store::StoredDirectory& options,
              StoredUser& row) {
  row.Clear();
  const MappedUser mapped = MapUser(
      user, {.normalize_usernames = options.username_normalization_enabled()});
  FillSource(user, row);
  FillMapped(mapped, row);
  if (options.phone_import_enabled()) {
    FillPhones(ReadPhones(user, options.default_region_code()), row);
  }
  if (mapped.guest && options.guests_excluded()) {
    row.set_presence(StoredUser::EXCLUDED);
  }
}

StoredUser MapToRow(const SourceUser& user,
                    const store::StoredDirectory& options) {
  StoredUser row;
  MapToRow(user, options, row);
  return row;
}

StoredUser SkippedRow(const std::string& reason) {
  StoredUser row;
  FillMapped(SkippedUser(reason), row);
  return row;
}

StoredUser AbsentRow() {
  StoredUser row;
  row.set_presence(StoredUser::ABSENT);
  return row;
}

StoredUser UnreadRow() {
  StoredUser row;
  row.set_presence(StoredUser::UNREAD);
  return row;
}

SourceUser SourceOf(const SourceId& id, const StoredUser& row) {
  SourceUser user;
  user.id = id;
  user.user_principal_name = TextField(row.user_principal_name());
  user.display_name = TextField(row.display_name());
  user.mail = TextField(row.mail());
  user.user_type = TextField(row.user_type());
  user.mobile_phone = TextField(row.mobile_phone());
  user.business_phones = std::vector<std::string>(row.business_phones().begin(),
                                                  row.business_phones().end());
  user.account_enabled = row.account_enabled();
  return user;
}

bool IsHidden(const StoredUser& row) {
  return row.skip_reason() == "SOURCE_HIDDEN";
}

}  // namespace rollcall::directory
