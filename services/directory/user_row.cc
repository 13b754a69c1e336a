#include "services/directory/user_row.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall::directory {
namespace {

using store::StoredPhone;
using store::StoredUser;

// The tag of a field, or the length behind it.
constexpr size_t kMostVarintBytes = 5;

size_t VarintSize(uint32_t number) {
  size_t size = 1;
  for (; number >= 0x80; number >>= 7) ++size;
  return size;
}

// Writes what protobuf would write for a row, without filling a message first:
// a read does it a million times. There must be room for it.
class WireWriter {
 public:
  explicit WireWriter(char* out) : out_(out) {}

  const char* end() const { return out_; }

  // Left out if they are what a message holds anyhow.
  void Text(int field, absl::string_view text) {
    if (!text.empty()) Element(field, text);
  }
  void Number(int field, uint32_t number) {
    if (number == 0) return;
    Varint(static_cast<uint32_t>(field) << 3);
    Varint(number);
  }

  // An element of a list.
  void Element(int field, absl::string_view bytes) {
    BeginElement(field, bytes.size());
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }
  // So many bytes are written next.
  void BeginElement(int field, size_t byte_size) {
    Varint(static_cast<uint32_t>(field) << 3 | kLengthDelimited);
    Varint(static_cast<uint32_t>(byte_size));
  }
  void Varint(uint32_t number) {
    for (; number >= 0x80; number >>= 7) {
      *out_++ = static_cast<char>(number | 0x80);
    }
    *out_++ = static_cast<char>(number);
  }

 private:
  static constexpr uint32_t kLengthDelimited = 2;
  char* out_;
};

// At least as many bytes as a row can take.
size_t RoomFor(const SourceUser& user, const MappedRow& row,
               size_t direct_groups) {
  constexpr size_t kHead = 2 * kMostVarintBytes;
  constexpr size_t kFields = 16;
  size_t room = kFields * kHead + user.user_principal_name.value().size() +
                row.user.display_name.size() + user.mail.value().size() +
                user.user_type.value().size() +
                user.mobile_phone.value().size() + row.user.username.size() +
                row.user.skip_reason.size() + direct_groups * kMostVarintBytes;
  for (const std::string& phone : user.business_phones.value()) {
    room += kHead + phone.size();
  }
  for (const Phone& phone : row.phones.phones) {
    room += 3 * kHead + phone.number.size();
  }
  for (const std::string& warning : row.user.warnings) {
    room += kHead + warning.size();
  }
  for (const std::string& warning : row.phones.warnings) {
    room += kHead + warning.size();
  }
  return room;
}

void WritePhone(const Phone& phone, WireWriter& writer) {
  // A message of its own; both of its tags, and the flag, take a byte.
  const size_t number_size = phone.number.size();
  const bool office = phone.kind == PhoneKind::kOffice;
  const size_t size =
      (number_size > 0
           ? 1 + VarintSize(static_cast<uint32_t>(number_size)) + number_size
           : 0) +
      (office ? 2 : 0);
  writer.BeginElement(StoredUser::kPhonesFieldNumber, size);
  writer.Text(StoredPhone::kNumberFieldNumber, phone.number);
  writer.Number(StoredPhone::kOfficeFieldNumber, office);
}

void WriteGroups(absl::Span<const uint32_t> groups, WireWriter& writer) {
  if (groups.empty()) return;
  size_t size = 0;
  for (const uint32_t group : groups) size += VarintSize(group);
  writer.BeginElement(StoredUser::kDirectGroupsFieldNumber, size);
  for (const uint32_t group : groups) writer.Varint(group);
}

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
absl::string_view WriteRow(const SourceUser& user, const MappedRow& row,
                           absl::Span<const uint32_t> direct_groups,
                           std::string& room) {
  const MappedUser& mapped = row.user;
  const std::string& upn = user.user_principal_name.value();
  const size_t needed = RoomFor(user, row, direct_groups.size());
  if (room.size() < needed) room.resize(needed);
  WireWriter writer(room.data());
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
  for (const Phone& phone : row.phones.phones) WritePhone(phone, writer);
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
  WriteGroups(direct_groups, writer);
  const auto size = static_cast<size_t>(writer.end() - room.data());
  assert(size <= needed);
  return absl::string_view(room).substr(0, size);
}

StoredUser MapToRow(const SourceUser& user,
                    const store::StoredDirectory& options) {
  std::string room;
  const absl::string_view bytes =
      WriteRow(user, MapRow(user, options), {}, room);
  StoredUser row;
  row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
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
