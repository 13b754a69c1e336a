// Reads the answer to a $batch request. Pure.
//
// Answers may come in any order, twice or not at all; what cannot be read
// counts as not received.
#ifndef ROLLCALL_SERVICES_DIRECTORY_BATCH_ANSWER_H_
#define ROLLCALL_SERVICES_DIRECTORY_BATCH_ANSWER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "services/directory/graph_limits.h"

namespace rollcall::directory {

inline constexpr size_t kQuestionsPerBatch = 20;

struct BatchItem {
  int status = 0;  // 100 to 599.
  absl::optional<std::string> retry_after;
  std::string body;  // JSON; empty if there was none.
};

// The item of each question, by the ids "0" to `questions` - 1; none if it did
// not come, or came more than once. DATA_LOSS, reason GRAPH_PAGE_MALFORMED or
// GRAPH_PAGE_TOO_LARGE.
absl::StatusOr<std::vector<absl::optional<BatchItem>>> ParseBatchAnswer(
    absl::string_view body, size_t questions, const PageLimits& limits = {});

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_BATCH_ANSWER_H_
