// Passes errors up without a word. Named as upstream Abseil and Google's
// libraries name them.
#ifndef ROLLCALL_COMMON_STATUS_STATUS_MACROS_H_
#define ROLLCALL_COMMON_STATUS_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define ROLLCALL_STATUS_CONCAT_INNER(a, b) a##b
#define ROLLCALL_STATUS_CONCAT(a, b) ROLLCALL_STATUS_CONCAT_INNER(a, b)

// RETURN_IF_ERROR(store.Commit(batch)); returns the status of the call from the
// enclosing function if it is not OK.
#define RETURN_IF_ERROR(expression)                                            \
  ROLLCALL_RETURN_IF_ERROR(ROLLCALL_STATUS_CONCAT(rollcall_status_, __LINE__), \
                           expression)

#define ROLLCALL_RETURN_IF_ERROR(temporary, expression)           \
  do {                                                            \
    if (absl::Status temporary = (expression); !temporary.ok()) { \
      return temporary;                                           \
    }                                                             \
  } while (false)

// ASSIGN_OR_RETURN(auto name, AccountName::Parse(text)); assigns the value, or
// returns the status.
#define ASSIGN_OR_RETURN(declaration, expression)                        \
  ROLLCALL_ASSIGN_OR_RETURN(                                             \
      ROLLCALL_STATUS_CONCAT(rollcall_statusor_, __LINE__), declaration, \
      expression)

#define ROLLCALL_ASSIGN_OR_RETURN(temporary, declaration, expression) \
  auto temporary = (expression);                                      \
  if (!temporary.ok()) return std::move(temporary).status();          \
  declaration = *std::move(temporary)

#endif  // ROLLCALL_COMMON_STATUS_STATUS_MACROS_H_
