#include "services/directory/user_row.h"

#include <cstdint>
#include <string>
#include <vector>

#include "common/store/proto_table.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Serialize;
using store::StoredDirectory;
using store::StoredUser;

SourceUser UserNamed(const std::string& user_principal_name) {
  SourceUser user;
  user.id = SourceId(1, 2);
  user.user_principal_name = user_principal_name;
  user.display_name = std::string("Ada Lovelace");
  user.mail = std::string(" Ada@example.com ");
  user.account_enabled = true;
  user.user_type = std::string("Member");
  return user;
}

// One of each kind.
std::vector<SourceUser> Users() {
  std::vector<SourceUser> users = {UserNamed("ada@example.com"),
                                   UserNamed("Ada@Example.com"),
                                   UserNamed("Ada"),
                                   UserNamed(" "),
                                   UserNamed("ada#EXT#@example.com"),
                                   UserNamed("\xC3\x84"
                                             "da@example.com")};
  users.push_back(UserNamed("bob@example.com"));
  users.back().mail = std::string("nobody");
  users.back().account_enabled = false;
  users.back().mobile_phone = std::string("020 7946 0958");
  users.back().business_phones =
      std::vector<std::string>{"+1 206 555 0100", "", "nonsense"};
  users.push_back(UserNamed(std::string(300, 'x')));
  users.back().display_name = Field<std::string>::Null();
  users.emplace_back();
  users.back().id = SourceId(3, 4);
  return users;
}

std::vector<StoredDirectory> Options() {
  std::vector<StoredDirectory> all(4);
  all[1].set_username_normalization_enabled(true);
  all[2].set_guests_excluded(true);
  all[3].set_phone_import_enabled(true);
  all[3].set_default_region_code("GB");
  return all;
}

TEST(UserRow, IsWrittenAsProtobufWritesIt) {
  const std::vector<uint32_t> groups = {0, 1, 127, 128, 70'000};
  std::string room;
  for (const StoredDirectory& options : Options()) {
    for (const SourceUser& user : Users()) {
      const std::string bytes(
          WriteRow(user, MapRow(user, options), groups, room));
      StoredUser row;
      ASSERT_TRUE(row.ParseFromString(bytes));
      EXPECT_EQ(Serialize(row), bytes);
      EXPECT_EQ(std::vector<uint32_t>(row.direct_groups().begin(),
                                      row.direct_groups().end()),
                groups);
      row.clear_direct_groups();
      EXPECT_EQ(Serialize(row), Serialize(MapToRow(user, options)));
    }
  }
}

TEST(UserRow, HoldsWhatItsUserWasMappedTo) {
  for (const StoredDirectory& options : Options()) {
    for (const SourceUser& user : Users()) {
      const MappedRow mapped = MapRow(user, options);
      const StoredUser row = MapToRow(user, options);
      EXPECT_EQ(UsernameOf(row), mapped.user.username);
      EXPECT_EQ(EmailOf(row), mapped.user.email);
      EXPECT_EQ(row.display_name(), mapped.user.display_name);
      EXPECT_EQ(row.account_enabled(), mapped.user.enabled);
      EXPECT_EQ(row.guest(), mapped.user.guest);
      EXPECT_EQ(row.skip_reason(), mapped.user.skip_reason);
      EXPECT_EQ(row.presence() == StoredUser::EXCLUDED, mapped.excluded);
      EXPECT_EQ(row.phones_size(),
                static_cast<int>(mapped.phones.phones.size()));
      EXPECT_EQ(row.has_phone_data(), mapped.phones.has_phone_data);
    }
  }
}

TEST(UserRow, KeepsWhatTheSourceSaid) {
  for (const SourceUser& user : Users()) {
    const SourceUser known = SourceOf(user.id, MapToRow(user, Options()[3]));
    EXPECT_EQ(known.user_principal_name.value(),
              user.user_principal_name.value());
    EXPECT_EQ(known.mail.value(), user.mail.value());
    EXPECT_EQ(known.display_name.value(), user.display_name.value());
    EXPECT_EQ(known.user_type.value(), user.user_type.value());
    EXPECT_EQ(known.mobile_phone.value(), user.mobile_phone.value());
    EXPECT_EQ(known.business_phones.value(), user.business_phones.value());
  }
}

}  // namespace
}  // namespace rollcall::directory
