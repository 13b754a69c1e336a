// What becomes of a user: username, email, phones, and the bytes of its row.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/identity/values.h"
#include "phonenumbers/phonenumberutil.h"
#include "services/directory/calling_codes.h"
#include "services/directory/phone.h"
#include "services/directory/user_row.h"
#include "tests/fuzz/properties.h"

namespace rollcall::fuzz {
namespace {

using directory::MappedRow;
using directory::SourceUser;
using directory::store::StoredDirectory;
using directory::store::StoredUser;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr const char* kRegions[] = {"", "GB", "US", "DE", "IT", "AR", "XX"};

directory::Field<std::string> AnyText(FuzzedDataProvider& data) {
  switch (data.ConsumeIntegralInRange(0, 7)) {
    case 0:
      return {};
    case 1:
      return directory::Field<std::string>::Null();
    default:
      return ToValidUtf8(data.ConsumeRandomLengthString(120));
  }
}

SourceUser AnyUser(FuzzedDataProvider& data) {
  SourceUser user;
  user.id = directory::SourceId(1, 2);
  user.user_principal_name = AnyText(data);
  user.mobile_phone = AnyText(data);
  user.mail = AnyText(data);
  user.display_name = AnyText(data);
  user.user_type = AnyText(data);
  if (data.ConsumeBool()) user.account_enabled = data.ConsumeBool();
  std::vector<std::string> phones;
  while (phones.size() < 3 && data.ConsumeBool()) {
    phones.push_back(AnyText(data).value());
  }
  user.business_phones = std::move(phones);
  return user;
}

StoredDirectory AnyOptions(FuzzedDataProvider& data) {
  StoredDirectory options;
  options.set_username_normalization_enabled(data.ConsumeBool());
  options.set_guests_excluded(data.ConsumeBool());
  options.set_phone_import_enabled(data.ConsumeBool());
  options.set_default_region_code(data.PickValueInArray(kRegions));
  return options;
}

void CheckNames(const SourceUser& user, const MappedRow& row) {
  Require(row.user.username.empty() != row.user.skip_reason.empty(),
          "a user has a username, or a reason why not");
  if (!row.user.username.empty()) {
    const auto again = Username::Parse(row.user.username);
    Require(again.ok() && again->value() == row.user.username,
            "a username stays itself");
    const std::string whole =
        absl::AsciiStrToLower(user.user_principal_name.value());
    Require(absl::StrContains(whole, row.user.username),
            "a username is a part of the user principal name");
  }
  const absl::string_view email = row.user.email;
  if (!email.empty()) {
    const auto again = EmailAddress::Parse(email);
    Require(again.ok() && again->value() == email, "an address stays itself");
    Require(row.user.warnings.empty(), "a good address is no warning");
  }
}

// Of several zeros in front the library takes away one at a time; but for that,
// a number stays itself.
void CheckComesToRest(std::string number, const std::string& region) {
  for (size_t zeros = number.size(); zeros > 0; --zeros) {
    SourceUser user;
    user.mobile_phone = number;
    const auto read = ReadPhones(user, region);
    Require(read.has_phone_data, "a number is a value");
    if (read.phones.empty()) return;
    const std::string& again = read.phones[0].number;
    if (again == number) return;
    Require(again.size() + 1 == number.size() &&
                std::count(number.begin(), number.end(), '0') ==
                    std::count(again.begin(), again.end(), '0') + 1,
            "a number that is read again loses a zero, if anything");
    number = again;
  }
  Require(false, "a number comes to rest");
}

void CheckPhones(const MappedRow& row, const StoredDirectory& options) {
  Require(row.phones.phones.size() + row.phones.warnings.size() <= 4,
          "a value makes a phone or a warning, or none");
  for (const directory::Phone& phone : row.phones.phones) {
    Require(phone.number.size() > 1 && phone.number[0] == '+' &&
                std::all_of(phone.number.begin() + 1, phone.number.end(),
                            absl::ascii_isdigit),
            "a number is + and digits");
    CheckComesToRest(phone.number, options.default_region_code());
    const auto count = std::count_if(
        row.phones.phones.begin(), row.phones.phones.end(),
        [&phone](const auto& other) { return other.number == phone.number; });
    Require(count == 1, "a number comes once");
  }
}

// The short way says what the library says.
void CheckShortWay(absl::string_view text, const StoredDirectory& options) {
  using directory::NumberVerdict;
  std::string plain;
  const std::string& region = options.default_region_code();
  const NumberVerdict verdict =
      directory::CallingCodes::Get().Read(text, region, plain);
  if (verdict == NumberVerdict::kUndecided || text.size() > 100) return;
  const PhoneNumberUtil& library = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  const bool possible =
      library.Parse(std::string(text), region.empty() ? "ZZ" : region,
                    &number) == PhoneNumberUtil::NO_PARSING_ERROR &&
      library.IsPossibleNumber(number);
  Require(possible == (verdict == NumberVerdict::kNumber),
          "the short way agrees with the library");
  if (!possible) return;
  number.clear_extension();
  std::string formatted;
  library.Format(number, PhoneNumberUtil::E164, &formatted);
  Require(formatted == plain, "the short way reads the same number");
}

// The row as protobuf would write it.
StoredUser RowOf(const SourceUser& user, const MappedRow& row,
                 const std::vector<uint32_t>& groups) {
  StoredUser message;
  message.set_user_principal_name(user.user_principal_name.value());
  message.set_display_name(std::string(row.user.display_name));
  message.set_mail(user.mail.value());
  message.set_user_type(user.user_type.value());
  message.set_mobile_phone(user.mobile_phone.value());
  for (const std::string& phone : user.business_phones.value()) {
    message.add_business_phones(phone);
  }
  message.set_account_enabled(row.user.enabled);
  if (row.user.username !=
      absl::AsciiStrToLower(user.user_principal_name.value())) {
    message.set_username(row.user.username);
  }
  message.set_guest(row.user.guest);
  message.set_has_phone_data(row.phones.has_phone_data);
  for (const directory::Phone& phone : row.phones.phones) {
    auto& stored = *message.add_phones();
    stored.set_number(phone.number);
    stored.set_office(phone.kind == directory::PhoneKind::kOffice);
  }
  message.set_skip_reason(row.user.skip_reason);
  for (const std::string& warning : row.user.warnings) {
    message.add_warnings(warning);
  }
  for (const std::string& warning : row.phones.warnings) {
    message.add_warnings(warning);
  }
  if (row.excluded) message.set_presence(StoredUser::EXCLUDED);
  for (const uint32_t group : groups) message.add_direct_groups(group);
  return message;
}

void CheckRow(const SourceUser& user, const MappedRow& row,
              const std::vector<uint32_t>& groups,
              const StoredDirectory& options) {
  // Its memory serves again.
  std::string room = "what was written before, or nothing";
  const std::string bytes(WriteRow(user, row, groups, room));
  Require(WriteRow(user, row, groups, room) == bytes, "it is written again");
  Require(bytes == RowOf(user, row, groups).SerializeAsString(),
          "a row is written as protobuf writes it");
  StoredUser stored;
  Require(stored.ParseFromString(bytes), "a row can be read");
  Require(directory::UsernameOf(stored) == row.user.username,
          "it keeps the username");
  Require(directory::EmailOf(stored) == row.user.email, "it keeps the email");
  if (directory::IsHidden(stored)) return;
  stored.clear_direct_groups();
  Require(MapToRow(directory::SourceOf(user.id, stored), options)
                  .SerializeAsString() == stored.SerializeAsString(),
          "a row that is mapped again stays itself");
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace rollcall::fuzz;
  FuzzedDataProvider data(bytes, size);
  const auto options = AnyOptions(data);
  const auto user = AnyUser(data);
  std::vector<uint32_t> groups;
  while (groups.size() < 4 && data.ConsumeBool()) {
    groups.push_back(data.ConsumeIntegral<uint32_t>());
  }
  const auto row = rollcall::directory::MapRow(user, options);
  CheckNames(user, row);
  CheckPhones(row, options);
  CheckShortWay(absl::StripAsciiWhitespace(user.mobile_phone.value()), options);
  CheckRow(user, row, groups, options);
  return 0;
}
