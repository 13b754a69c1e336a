// Proves that an error survives the wire, that details are those of AIP-193,
// and that nothing of the inside gets out unasked.
#include "common/status/grpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status/errors.h"
#include "common/status/utf8.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace rollcall {
namespace {

using testing::HasSubstr;
using testing::Not;

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

// The detail of the given type; each occurs once at most (AIP-193).
template <typename Detail>
absl::optional<Detail> Find(const grpc::Status& status) {
  absl::optional<Detail> found;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) {
    Detail detail;
    if (!any.UnpackTo(&detail)) continue;
    EXPECT_FALSE(found.has_value());
    found = detail;
  }
  return found;
}

TEST(ToGrpcStatus, OkIsOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus(), "trash.rollcall").ok());
}

TEST(ToGrpcStatus, SendsErrorInfo) {
  const grpc::Status status =
      ToGrpcStatus(NotFound("ACCOUNT_NOT_FOUND", "No account named acme.",
                            {{"account", "acme"}}),
                   "trash.rollcall");

  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "No account named acme.");
  EXPECT_EQ(DetailsOf(status).code(), 5);
  EXPECT_EQ(DetailsOf(status).message(), "No account named acme.");
  const auto info = Find<google::rpc::ErrorInfo>(status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "ACCOUNT_NOT_FOUND");
  EXPECT_EQ(info->domain(), "trash.rollcall");
  EXPECT_EQ(info->metadata().at("account"), "acme");
  EXPECT_EQ(DetailsOf(status).details_size(), 1);
}

TEST(ToGrpcStatus, NamesTheWrongField) {
  const grpc::Status status = ToGrpcStatus(
      InvalidArgument("PAGE_SIZE_NEGATIVE", "A page size is not negative.",
                      {{"field", "page_size"}}),
      "trash.rollcall");

  const auto request = Find<google::rpc::BadRequest>(status);
  ASSERT_TRUE(request.has_value());
  ASSERT_EQ(request->field_violations_size(), 1);
  EXPECT_EQ(request->field_violations(0).field(), "page_size");
  EXPECT_EQ(request->field_violations(0).description(),
            "A page size is not negative.");
}

TEST(ToGrpcStatus, SaysWhenToTryAgain) {
  const grpc::Status status = ToGrpcStatus(
      WithRetryDelay(Unavailable("BUSY", "Busy."), absl::Milliseconds(1500)),
      "trash.rollcall");

  const auto retry = Find<google::rpc::RetryInfo>(status);
  ASSERT_TRUE(retry.has_value());
  EXPECT_EQ(retry->retry_delay().seconds(), 1);
  EXPECT_EQ(retry->retry_delay().nanos(), 500000000);
}

TEST(ToGrpcStatus, HidesTheInsideOfErrorsWithoutAReason) {
  for (const absl::Status& inside :
       {absl::InternalError("row 7 of /var/lib"),
        absl::UnknownError("row 7 of /var/lib"),
        absl::DataLossError("row 7 of /var/lib")}) {
    const grpc::Status status = ToGrpcStatus(inside, "trash.rollcall");
    EXPECT_EQ(status.error_code(), static_cast<int>(inside.code()));
    EXPECT_EQ(Find<google::rpc::ErrorInfo>(status)->reason(), "INTERNAL");
    EXPECT_THAT(status.error_message(), Not(HasSubstr("row 7")));
    EXPECT_THAT(status.error_details(), Not(HasSubstr("row 7")));
  }
}

TEST(ToGrpcStatus, TakesTheCodeForAMissingReason) {
  const grpc::Status status =
      ToGrpcStatus(absl::NotFoundError("No such thing."), "trash.rollcall");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(status)->reason(), "NOT_FOUND");
  EXPECT_EQ(status.error_message(), "No such thing.");
}

TEST(ToGrpcStatus, FitsIntoHeadersWhateverTheFacts) {
  Facts facts = {{"field", std::string(1000, 'f')}};
  for (int i = 0; i < 100; ++i) {
    facts.emplace_back("name" + std::to_string(i), std::string(10000, 'v'));
  }
  const grpc::Status status =
      ToGrpcStatus(InvalidArgument("R", std::string(100000, '\xFF'), facts),
                   "trash.rollcall");

  // base64 of the details, the percent-encoded message, and room for the rest.
  EXPECT_LT(
      status.error_details().size() * 4 / 3 + status.error_message().size() * 3,
      8192 - 512);
  EXPECT_EQ(ToValidUtf8(status.error_message()), status.error_message());
  EXPECT_EQ(ReasonOf(FromGrpcStatus(status)), "R");
}

TEST(FromGrpcStatus, IsTheInverse) {
  const absl::Status cases[] = {
      absl::OkStatus(),
      NotFound("ACCOUNT_NOT_FOUND", "No account.", {{"a", "1"}, {"b", "2"}}),
      InvalidArgument("WRONG", "Wrong.", {{"field", "page_size"}}),
      WithRetryDelay(Unavailable("BUSY", "Busy."), absl::Nanoseconds(1)),
      Internal("STORE_FAILED", "A reason makes it public."),
  };
  for (const absl::Status& status : cases) {
    EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status, "trash.rollcall")), status);
  }
}

TEST(FromGrpcStatus, KeepsCodeAndSentenceOfStrangers) {
  const absl::Status status = FromGrpcStatus(
      grpc::Status(grpc::StatusCode::UNAVAILABLE, "Connection refused."));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "Connection refused.");
  EXPECT_EQ(ReasonOf(status), "");
}

TEST(FromGrpcStatus, DropsDetailsThatDoNotParse) {
  google::rpc::Status details;
  details.add_details()->set_type_url(
      "type.googleapis.com/google.rpc.ErrorInfo");
  details.mutable_details(0)->set_value("\xFF\xFF");
  for (const std::string& bytes :
       {std::string("\xFF\xFF\xFF"), details.SerializeAsString()}) {
    const absl::Status status = FromGrpcStatus(
        grpc::Status(grpc::StatusCode::NOT_FOUND, "Gone.", bytes));
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(status.message(), "Gone.");
    EXPECT_EQ(ReasonOf(status), "");
  }
}

}  // namespace
}  // namespace rollcall
