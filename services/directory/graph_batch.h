// Asks Graph several questions in one request, and sees to it that each of them
// gets its own answer.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_BATCH_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_BATCH_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/directory/graph_client.h"

namespace rollcall::directory {

struct BatchQuestion {
  std::string path;  // Ours: `/v1.0/users/...`.
  // A POST that changes nothing if it is not empty: JSON.
  std::string body;
};

// The answers in the order of the questions, each a body or one of the errors
// of GraphSession: GRAPH_NOT_FOUND belongs to that question alone. Any number
// of questions; they go in batches of twenty.
//
// What a batch leaves out or refuses for now is asked again on its own, after
// the longest wait that one of the answers asked for, or after a backoff if one
// of them did not say; the tenant's pace learns of it. An error of the whole is
// one that asking on would not change: EndsTheRead.
absl::StatusOr<std::vector<absl::StatusOr<std::string>>> AskInBatches(
    GraphSession& graph, absl::Span<const BatchQuestion> questions);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_BATCH_H_
