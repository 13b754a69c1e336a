// Proves that the macros pass errors up unchanged and values through.
#include "common/status/status_macros.h"

#include <gtest/gtest.h>

#include <memory>

#include "common/status/errors.h"

namespace rollcall {
namespace {

absl::Status Check(absl::Status status, bool* passed) {
  RETURN_IF_ERROR(status);
  *passed = true;
  return absl::OkStatus();
}

absl::StatusOr<int> Unwrap(absl::StatusOr<std::unique_ptr<int>> value) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> pointer, std::move(value));
  return *pointer;
}

TEST(ReturnIfError, GoesOnAfterOk) {
  bool passed = false;
  EXPECT_TRUE(Check(absl::OkStatus(), &passed).ok());
  EXPECT_TRUE(passed);
}

TEST(ReturnIfError, ReturnsTheErrorItself) {
  bool passed = false;
  const absl::Status error = NotFound("R", "Gone.", {{"a", "b"}});
  EXPECT_EQ(Check(error, &passed), error);
  EXPECT_FALSE(passed);
}

TEST(AssignOrReturn, MovesTheValueOut) {
  EXPECT_EQ(*Unwrap(std::make_unique<int>(7)), 7);
}

TEST(AssignOrReturn, ReturnsTheErrorItself) {
  const absl::Status error = NotFound("R", "Gone.", {{"a", "b"}});
  EXPECT_EQ(Unwrap(error).status(), error);
}

TEST(AssignOrReturn, WorksTwiceInOneFunction) {
  const auto sum = []() -> absl::StatusOr<int> {
    ASSIGN_OR_RETURN(int a, absl::StatusOr<int>(1));
    ASSIGN_OR_RETURN(int b, absl::StatusOr<int>(2));
    return a + b;
  };
  EXPECT_EQ(*sum(), 3);
}

}  // namespace
}  // namespace rollcall
