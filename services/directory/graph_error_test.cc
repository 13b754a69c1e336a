#include "services/directory/graph_error.h"

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

struct Row {
  const char* name;
  GraphAnswer answer;
  GraphVerdict verdict;
};

class JudgeTest : public ::testing::TestWithParam<Row> {};

TEST_P(JudgeTest, Decides) {
  EXPECT_EQ(Judge(GetParam().answer), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Protocol_3_2, JudgeTest,
    ::testing::Values(
        Row{"Ok", {200, {}}, GraphVerdict::kOk},
        Row{"OtherSuccess", {204, {}}, GraphVerdict::kGiveUp},
        Row{"Redirect", {302, {}}, GraphVerdict::kGiveUp},
        Row{"BadRequest", {400, {"Request_BadRequest"}}, GraphVerdict::kGiveUp},
        Row{"UnsupportedQuery",
            {400, {"Request_UnsupportedQuery"}},
            GraphVerdict::kGiveUp},
        Row{"BadRequestWithData", {400, {}}, GraphVerdict::kRetry},
        Row{"ExpiredPage",
            {400, {"Directory_ExpiredPageToken"}},
            GraphVerdict::kRestartEnumeration},
        Row{"ExpiredPageInside",
            {400, {"BadRequest", "directory_expiredpagetoken"}},
            GraphVerdict::kRestartEnumeration},
        Row{"PageTokenOfARetry",
            {400, {"DirectoryPageTokenNotFoundException"}},
            GraphVerdict::kRestartEnumeration},
        Row{"SyncStateNotFound",
            {400, {"syncStateNotFound"}},
            GraphVerdict::kResync},
        Row{"SyncStateNotFoundInside",
            {400, {"badRequest", "x", "SYNCSTATENOTFOUND"}},
            GraphVerdict::kResync},
        Row{"Gone", {410, {}}, GraphVerdict::kResync},
        Row{"TokenExpired",
            {401, {"InvalidAuthenticationToken"}},
            GraphVerdict::kRefreshToken},
        Row{"ConsentNotSpreadYet",
            {401, {"Authorization_IdentityNotFound"}},
            GraphVerdict::kRefreshToken},
        Row{"NoPermission",
            {403, {"Authorization_RequestDenied"}},
            GraphVerdict::kForbidden},
        Row{"ThrottledOldCode",
            {403, {"activityLimitReached"}},
            GraphVerdict::kRetry},
        Row{"Missing",
            {404, {"Request_ResourceNotFound"}},
            GraphVerdict::kNotFound},
        Row{"MissingToo",
            {404, {"Directory_ObjectNotFound"}},
            GraphVerdict::kNotFound},
        Row{"GatewayTroubleOnAValidLink",
            {404, {"UnknownError"}},
            GraphVerdict::kRetry},
        Row{"NotFoundWithoutABody", {404, {}}, GraphVerdict::kRetry},
        Row{"RequestTimeout", {408, {}}, GraphVerdict::kRetry},
        Row{"Throttled",
            {429, {"TooManyRequests", "429"}},
            GraphVerdict::kRetry},
        Row{"ThrottledWithoutABody", {429, {}}, GraphVerdict::kRetry},
        Row{"ServerError", {500, {"generalException"}}, GraphVerdict::kRetry},
        Row{"NotImplemented", {501, {"NotImplemented"}}, GraphVerdict::kGiveUp},
        Row{"BadGateway", {502, {}}, GraphVerdict::kRetry},
        Row{"Unavailable",
            {503, {"serviceNotAvailable"}},
            GraphVerdict::kRetry},
        Row{"GatewayTimeout", {504, {"UnknownError"}}, GraphVerdict::kRetry},
        Row{"BandwidthExceeded", {509, {}}, GraphVerdict::kRetry},
        Row{"VersionNotSupported", {505, {}}, GraphVerdict::kGiveUp},
        Row{"NetworkAuthentication", {511, {}}, GraphVerdict::kGiveUp},
        Row{"ResyncInAMissingObject",
            {404, {"Request_ResourceNotFound", "resyncRequired"}},
            GraphVerdict::kResync},
        Row{"NoStatus", {0, {}}, GraphVerdict::kGiveUp}),
    [](const auto& row) { return row.param.name; });

TEST(RetryAfter, IsAnIntegerADecimalOrADate) {
  const absl::Time now = absl::FromUnixSeconds(1'760'000'000);
  EXPECT_EQ(ParseRetryAfter("10", now), absl::Seconds(10));
  EXPECT_EQ(ParseRetryAfter(" 2.128 ", now), absl::Seconds(2.128));
  EXPECT_EQ(ParseRetryAfter("0.249", now), absl::Seconds(0.249));
  EXPECT_EQ(ParseRetryAfter("0", now), absl::ZeroDuration());
  const std::string date =
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now + absl::Seconds(90),
                       absl::UTCTimeZone());
  EXPECT_EQ(ParseRetryAfter(date, now), absl::Seconds(90));
  EXPECT_EQ(ParseRetryAfter(date, now + absl::Hours(1)), absl::ZeroDuration());
}

TEST(RetryAfter, NonsenseSaysNothing) {
  for (absl::string_view text :
       {"", "-1", "soon", "inf", "nan", "1e999", "Wed, 21 Oct 2015 07:28:00",
        "1 2", "0x10", "1e3", "1.2.3", "."}) {
    EXPECT_EQ(ParseRetryAfter(text, absl::UnixEpoch()), absl::nullopt) << text;
  }
}

TEST(RetryAfter, MoreThanADayIsADay) {
  EXPECT_EQ(ParseRetryAfter("604800", absl::UnixEpoch()), absl::Hours(7 * 24));
  EXPECT_EQ(ParseRetryAfter("99999999999", absl::UnixEpoch()),
            absl::Hours(3650 * 24));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2099 07:28:00 GMT", absl::UnixEpoch()),
            absl::Hours(3650 * 24));
}

TEST(QuotaNumber, IsPlainAndFinite) {
  EXPECT_EQ(ParseQuotaNumber("2"), 2);
  EXPECT_EQ(ParseQuotaNumber(" 0.8 "), 0.8);
  for (absl::string_view text :
       {"", "-1", "+1", "inf", "nan", "1e3", "0x1", "1,5", "."}) {
    EXPECT_EQ(ParseQuotaNumber(text), absl::nullopt) << text;
  }
}

}  // namespace
}  // namespace rollcall::directory
