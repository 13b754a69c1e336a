#include "services/directory/phone.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SourceUser WithPhones(std::string mobile,
                      std::vector<std::string> office = {}) {
  SourceUser user;
  user.mobile_phone = Field<std::string>(std::move(mobile));
  user.business_phones = Field<std::vector<std::string>>(std::move(office));
  return user;
}

struct Row {
  const char* name;
  const char* text;
  const char* region;
  const char* number;  // Empty: malformed.
};

class ReadPhonesTest : public ::testing::TestWithParam<Row> {};

TEST_P(ReadPhonesTest, R40_R42_ReadsOrWarns) {
  const Row& row = GetParam();
  const PhoneReading reading = ReadPhones(WithPhones(row.text), row.region);
  EXPECT_TRUE(reading.has_phone_data);
  if (row.number[0] == '\0') {
    EXPECT_THAT(reading.phones, IsEmpty());
    EXPECT_THAT(reading.warnings, ElementsAre("PHONE_MALFORMED"));
  } else {
    EXPECT_THAT(reading.phones,
                ElementsAre(Phone{row.number, PhoneKind::kMobile}));
    EXPECT_THAT(reading.warnings, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReadPhonesTest,
    ::testing::Values(
        Row{"International", "+14255550100", "", "+14255550100"},
        Row{"WithSeparators", "+1 (425) 555-0100", "", "+14255550100"},
        // The model's own example keeps the national 0 after +44.
        Row{"NationalZeroAfterCountryCode", "+4401617150105", "",
            "+441617150105"},
        Row{"NationalZeroInParentheses", "+44 (0)161 715 0105", "",
            "+441617150105"},
        Row{"DefaultRegion", "0161 715 0105", "GB", "+441617150105"},
        Row{"PlusWinsOverTheRegion", "+49 30 123456", "GB", "+4930123456"},
        Row{"NoPlusNoRegion", "0161 715 0105", "", ""},
        Row{"UnknownRegion", "0161 715 0105", "XX", ""},
        Row{"ExtensionIsLeftOut", "+1 425 555 0100 ext. 7", "", "+14255550100"},
        Row{"TooShort", "+1 425", "", ""},
        Row{"TooLong", "+1425555010012345678", "", ""},
        Row{"NoSuchCountry", "+999 1234567", "", ""},
        Row{"Words", "call reception", "GB", ""}),
    [](const auto& row) { return row.param.name; });

TEST(ReadPhones, R42_TwoIdenticalNumbersMakeOnePhone) {
  EXPECT_THAT(
      ReadPhones(WithPhones("+4401617150105", {"+44 161 715 0105"}), "").phones,
      ElementsAre(Phone{"+441617150105", PhoneKind::kMobile}));
}

TEST(ReadPhones, R38_OfficeAndMobileAreRead) {
  EXPECT_THAT(
      ReadPhones(WithPhones("+14255550100", {"+14255550101"}), "").phones,
      ElementsAre(Phone{"+14255550100", PhoneKind::kMobile},
                  Phone{"+14255550101", PhoneKind::kOffice}));
}

TEST(ReadPhones, R42_AMalformedNumberCostsOnlyItself) {
  const PhoneReading reading =
      ReadPhones(WithPhones("nonsense", {"+14255550101", "x"}), "");
  EXPECT_THAT(reading.phones,
              ElementsAre(Phone{"+14255550101", PhoneKind::kOffice}));
  EXPECT_THAT(reading.warnings,
              ElementsAre("PHONE_MALFORMED", "PHONE_MALFORMED"));
}

TEST(ReadPhones, R41_NothingIsNoPhoneData) {
  EXPECT_FALSE(ReadPhones(SourceUser(), "GB").has_phone_data);
  EXPECT_FALSE(ReadPhones(WithPhones("  ", {""}), "GB").has_phone_data);
}

TEST(ReadPhones, SurvivesHostileNumbers) {
  const PhoneReading reading =
      ReadPhones(WithPhones("+" + std::string(4000, '1')), "");
  EXPECT_THAT(reading.warnings, ElementsAre("PHONE_MALFORMED"));
}

TEST(IsPhoneRegion, KnowsTheWorld) {
  EXPECT_TRUE(IsPhoneRegion("GB"));
  EXPECT_FALSE(IsPhoneRegion("XX"));
  EXPECT_FALSE(IsPhoneRegion(""));
}

}  // namespace
}  // namespace rollcall::directory
