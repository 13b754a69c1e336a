// Decides how many objects a list asks for on each of its pages: as many as
// Graph gives, and fewer once that turns out to be too much. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_PAGE_SIZE_H_
#define ROLLCALL_SERVICES_DIRECTORY_PAGE_SIZE_H_

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/status/errors.h"

namespace rollcall::directory {

inline constexpr int kLargestPage = 999;  // Documented.
// Graph's own default, below every limit that has been seen; and what is tried
// in the end.
inline constexpr int kSmallPage = 100;
inline constexpr int kSmallestPage = 20;

// What to ask for when `size` was too much; the same if there is nothing less.
inline int SmallerPage(int size) {
  return size > kSmallPage ? kSmallPage : std::min(size, kSmallestPage);
}

namespace internal {

inline bool HasFact(const absl::Status& status, absl::string_view name,
                    absl::string_view value) {
  const Facts facts = FactsOf(status);
  return std::any_of(facts.begin(), facts.end(), [&](const auto& fact) {
    return fact.first == name && absl::EqualsIgnoreCase(fact.second, value);
  });
}

}  // namespace internal

// Whether Graph may have refused the size of the page: limits have changed
// without notice (section 7, 21). It says so in a sentence, on which nobody may
// depend, and with a code that it uses for other things too.
inline bool MayBeRefusedForItsSize(const absl::Status& status) {
  return ReasonOf(status) == "GRAPH_REFUSED" &&
         internal::HasFact(status, "graph_code", "Request_UnsupportedQuery");
}

// Whether all tries ended with a 504: the question is too large for a gateway's
// patience (section 7, 8).
inline bool TookTooLong(const absl::Status& status) {
  return ReasonOf(status) == "GRAPH_UNAVAILABLE" &&
         internal::HasFact(status, "http_status", "504");
}

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_PAGE_SIZE_H_
