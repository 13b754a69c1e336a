#include "services/directory/user_row.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall::directory {
namespace {

using store::StoredPhone;
using store::StoredUser;

// Writes what protobuf would write for a row, without filling a message first:
// a read does it a million times.
class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  // Left out if they are what a message holds anyhow.
  void Text(int field, absl::string_view text) {
    if (!text.empty()) Element(field, text);
  }
  void Number(int field, uint32_t number) {
    if (number == 0) return;
    Varint(static_cast<uint32_t>(field) << 3);
    Varint(number);
  }

  // An element of a list, or a message.
  void Element(int field, absl::string_view bytes) {
    Varint(static_cast<uint32_t>(field) << 3 | kLengthDelimited);
    Varint(static_cast<uint32_t>(bytes.size()));
    out_.append(bytes.data(), bytes.size());
  }
  void Varint(uint32_t number) {
    for (; number >= 0x80; number >>= 7) {
      out_.push_back(static_cast<char>(number | 0x80));
    }
    out_.push_back(static_cast<char>(number));
  }

 private:
  static constexpr uint32_t kLengthDelimited = 2;
  std::string& out_;
};

Field<std::string> TextField(const std::string& text) {
  return text.empty() ? Field<std::string>::Null() : Field<std::string>(text);
}

}  // namespace

MappedRow MapRow(const SourceUser& user,
                 const store::StoredDirectory& options) {
  MappedRow mapped;
  mapped.user = MapUser(
      user, {.normalize_usernames = options.username_normalization_enabled()});
  if (options.phone_import_enabled()) {
    mapped.phones = ReadPhones(user, options.default_region_code());
  }
  mapped.excluded = mapped.user.guest && options.guests_excluded();
  return mapped;
}

// In the order of the fields' numbers, as protobuf writes them.
void AppendRow(const SourceUser& user, const MappedRow& row,
               absl::Span<const uint32_t> direct_groups, std::string& bytes) {
  thread_local std::string part;  // For its memory.
  const MappedUser& mapped = row.user;
  const std::string& upn = user.user_principal_name.value();
  WireWriter writer(bytes);
  writer.Text(StoredUser::kUserPrincipalNameFieldNumber, upn);
  writer.Text(StoredUser::kDisplayNameFieldNumber, mapped.display_name);
  writer.Text(StoredUser::kMailFieldNumber, user.mail.value());
  writer.Text(StoredUser::kUserTypeFieldNumber, user.user_type.value());
  writer.Text(StoredUser::kMobilePhoneFieldNumber, user.mobile_phone.value());
  for (const std::string& phone : user.business_phones.value()) {
    writer.Element(StoredUser::kBusinessPhonesFieldNumber, phone);
  }
  writer.Number(StoredUser::kAccountEnabledFieldNumber, mapped.enabled);
  if (!absl::EqualsIgnoreCase(mapped.username, upn)) {
    writer.Text(StoredUser::kUsernameFieldNumber, mapped.username);
  }
  writer.Number(StoredUser::kGuestFieldNumber, mapped.guest);
  writer.Number(StoredUser::kHasPhoneDataFieldNumber,
                row.phones.has_phone_data);
  for (const Phone& phone : row.phones.phones) {
    part.clear();
    WireWriter stored(part);
    stored.Text(StoredPhone::kNumberFieldNumber, phone.number);
    stored.Number(StoredPhone::kOfficeFieldNumber,
                  phone.kind == PhoneKind::kOffice);
    writer.Element(StoredUser::kPhonesFieldNumber, part);
  }
  writer.Text(StoredUser::kSkipReasonFieldNumber, mapped.skip_reason);
  for (const std::string& warning : mapped.warnings) {
    writer.Element(StoredUser::kWarningsFieldNumber, warning);
  }
  for (const std::string& warning : row.phones.warnings) {
    writer.Element(StoredUser::kWarningsFieldNumber, warning);
  }
  if (row.excluded) {
    writer.Number(StoredUser::kPresenceFieldNumber, StoredUser::EXCLUDED);
  }
  if (!direct_groups.empty()) {
    part.clear();
    WireWriter numbers(part);
    for (const uint32_t group : direct_groups) numbers.Varint(group);
    writer.Element(StoredUser::kDirectGroupsFieldNumber, part);
  }
}

StoredUser MapToRow(const SourceUser& user,
                    const store::StoredDirectory& options) {
  std::string bytes;
  AppendRow(user, MapRow(user, options), {}, bytes);
  StoredUser row;
  row.ParseFromString(bytes);
  return row;
}

StoredUser SkippedRow(const std::string& reason) {
  StoredUser row;
  row.set_account_enabled(true);
  row.set_skip_reason(reason);
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

std::string UsernameOf(const StoredUser& row) {
  if (!row.username().empty() || !row.skip_reason().empty()) {
    return row.username();
  }
  return absl::AsciiStrToLower(row.user_principal_name());
}

absl::string_view EmailOf(const StoredUser& row) {
  const bool malformed = std::find(row.warnings().begin(), row.warnings().end(),
                                   kEmailMalformed) != row.warnings().end();
  return malformed ? "" : absl::StripAsciiWhitespace(row.mail());
}

bool IsHidden(const StoredUser& row) {
  return row.skip_reason() == kSourceHidden;
}

}  // namespace rollcall::directory
