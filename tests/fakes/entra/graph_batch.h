// $batch: several requests in one (section 2.6 of the specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_BATCH_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_BATCH_H_

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {

// Answers each item by `answer`, and returns the body of the whole. An error
// concerns the batch as a whole: too many items, or duplicate ids.
absl::StatusOr<std::string> RunBatch(
    const HttpRequest& batch,
    absl::FunctionRef<std::optional<HttpResponse>(const HttpRequest& item)>
        answer);

// 429, each time with another Retry-After: none, a decimal, a number, a date.
HttpResponse ThrottledFaultResponse(const Fault& fault,
                                    const HttpRequest& request, absl::Time now);

// What a fault of the kind kStatus answers.
HttpResponse StatusFaultResponse(const Fault& fault, const HttpRequest& request,
                                 absl::Time now);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_BATCH_H_
