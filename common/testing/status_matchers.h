// Matchers and macros for statuses, named as upstream Abseil names them.
#ifndef ROLLCALL_COMMON_TESTING_STATUS_MATCHERS_H_
#define ROLLCALL_COMMON_TESTING_STATUS_MATCHERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::testing {

inline const absl::Status& GetStatus(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).ok();
}

// EXPECT_THAT(call, StatusIs(absl::StatusCode::kNotFound,
// "ACCOUNT_NOT_FOUND"));
MATCHER_P(StatusIs, code, "has the code " + absl::StatusCodeToString(code)) {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code;
}
MATCHER_P2(StatusIs, code, reason,
           "has the code " + absl::StatusCodeToString(code) +
               " and the reason " + std::string(reason)) {
  *result_listener << GetStatus(arg).ToString() << " with reason "
                   << ReasonOf(GetStatus(arg));
  return GetStatus(arg).code() == code && ReasonOf(GetStatus(arg)) == reason;
}

#define EXPECT_OK(expression) \
  EXPECT_THAT(expression, ::rollcall::testing::IsOk())
#define ASSERT_OK(expression) \
  ASSERT_THAT(expression, ::rollcall::testing::IsOk())

#define ROLLCALL_TESTING_CONCAT_INNER(a, b) a##b
#define ROLLCALL_TESTING_CONCAT(a, b) ROLLCALL_TESTING_CONCAT_INNER(a, b)
#define ASSERT_OK_AND_ASSIGN(declaration, expression)                          \
  ROLLCALL_ASSERT_OK_AND_ASSIGN(ROLLCALL_TESTING_CONCAT(status_or_, __LINE__), \
                                declaration, expression)
#define ROLLCALL_ASSERT_OK_AND_ASSIGN(temporary, declaration, expression) \
  auto temporary = (expression);                                          \
  ASSERT_OK(temporary.status());                                          \
  declaration = *std::move(temporary)

}  // namespace rollcall::testing

#endif  // ROLLCALL_COMMON_TESTING_STATUS_MATCHERS_H_
