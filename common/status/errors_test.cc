// Proves that an error keeps what it was made of.
#include "common/status/errors.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Errors, KeepCodeReasonSentenceAndFacts) {
  const absl::Status status =
      NotFound("ACCOUNT_NOT_FOUND", "No account named acme.",
               {{"account", "acme"}, {"place", "trash"}});

  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "No account named acme.");
  EXPECT_EQ(ReasonOf(status), "ACCOUNT_NOT_FOUND");
  EXPECT_EQ(FactsOf(status), (Facts{{"account", "acme"}, {"place", "trash"}}));
}

TEST(Errors, KeepFactsOfAnyBytes) {
  const Facts facts = {{"", ""},
                       {"colon", "5:hello"},
                       {"zero", std::string("a\0b", 3)},
                       {"long", std::string(100000, 'x')}};
  EXPECT_EQ(FactsOf(Internal("R", "m", facts)), facts);
}

TEST(Errors, NamedBuildersHaveTheirCode) {
  using Builder = absl::Status (*)(absl::string_view, absl::string_view, Facts);
  const std::pair<Builder, absl::StatusCode> cases[] = {
      {InvalidArgument, absl::StatusCode::kInvalidArgument},
      {NotFound, absl::StatusCode::kNotFound},
      {AlreadyExists, absl::StatusCode::kAlreadyExists},
      {FailedPrecondition, absl::StatusCode::kFailedPrecondition},
      {PermissionDenied, absl::StatusCode::kPermissionDenied},
      {Unauthenticated, absl::StatusCode::kUnauthenticated},
      {Aborted, absl::StatusCode::kAborted},
      {ResourceExhausted, absl::StatusCode::kResourceExhausted},
      {DataLoss, absl::StatusCode::kDataLoss},
      {Internal, absl::StatusCode::kInternal},
      {Unavailable, absl::StatusCode::kUnavailable},
      {DeadlineExceeded, absl::StatusCode::kDeadlineExceeded},
      {Cancelled, absl::StatusCode::kCancelled},
  };
  for (const auto& [builder, code] : cases) {
    const absl::Status status = builder("SOME_REASON", "A sentence.", {});
    EXPECT_EQ(status.code(), code);
    EXPECT_EQ(ReasonOf(status), "SOME_REASON") << status;
    EXPECT_TRUE(FactsOf(status).empty()) << status;
  }
}

TEST(Errors, StrangersHaveNoReason) {
  for (const absl::Status& status :
       {absl::OkStatus(), absl::NotFoundError("Not made here.")}) {
    EXPECT_EQ(ReasonOf(status), "");
    EXPECT_TRUE(FactsOf(status).empty());
    EXPECT_EQ(RetryDelayOf(status), absl::nullopt);
  }
}

TEST(Annotate, PutsContextInFrontAndKeepsTheRest) {
  const absl::Status status = WithRetryDelay(
      Unavailable("GRAPH_BUSY", "Try later.", {{"host", "graph"}}),
      absl::Seconds(7));

  const absl::Status annotated = Annotate(status, "Reading group staff");

  EXPECT_EQ(annotated.message(), "Reading group staff: Try later.");
  EXPECT_EQ(annotated.code(), status.code());
  EXPECT_EQ(ReasonOf(annotated), "GRAPH_BUSY");
  EXPECT_EQ(FactsOf(annotated), FactsOf(status));
  EXPECT_EQ(RetryDelayOf(annotated), absl::Seconds(7));
}

TEST(Annotate, LeavesOkAlone) {
  EXPECT_EQ(Annotate(absl::OkStatus(), "Reading"), absl::OkStatus());
}

TEST(RetryDelay, IsKeptToTheNanosecond) {
  for (const absl::Duration delay :
       {absl::ZeroDuration(), absl::Nanoseconds(1), absl::Milliseconds(1500),
        absl::Hours(24 * 365)}) {
    EXPECT_EQ(RetryDelayOf(WithRetryDelay(Unavailable("R", "m"), delay)),
              delay);
  }
}

}  // namespace
}  // namespace rollcall
