// What tests may change about Graph while it runs, beside faults.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_KNOBS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_KNOBS_H_

#include <atomic>
#include <cstdint>

#include "tests/fakes/entra/retry_after.h"

namespace rollcall::entra {

// Both were seen in next links of the service.
enum class SkipTokenForm { kBase64, kHexadecimal };

// Thread-safe; a change is good for requests that come after it.
struct GraphKnobs {
  std::atomic<RetryAfterForm> retry_after_form = RetryAfterForm::kInteger;
  std::atomic<SkipTokenForm> skip_token_form = SkipTokenForm::kBase64;
  // Whether a next link is expired for a request without the headers of the
  // request that it came from.
  std::atomic<bool> repeat_headers = true;
  // Objects on a page of getByIds; 0: all of them at once.
  std::atomic<int64_t> get_by_ids_page_size = 0;
  // Tokens from before this time (microseconds since 1970) meet a claims
  // challenge, if their client understands one.
  std::atomic<int64_t> revoked_before = 0;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_KNOBS_H_
