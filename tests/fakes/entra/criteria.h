// Which objects of a collection a request asks for: $filter and $search
// together.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_CRITERIA_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_CRITERIA_H_

#include <optional>

#include "absl/status/statusor.h"
#include "tests/fakes/entra/filter.h"
#include "tests/fakes/entra/graph_context.h"
#include "tests/fakes/entra/search_option.h"

namespace rollcall::entra {

struct Criteria {
  std::optional<Filter> filter;
  std::optional<SearchOption> search;

  static absl::StatusOr<Criteria> Parse(
      const GraphCall& call, absl::Span<const PropertyInfo> properties);

  bool empty() const { return !filter.has_value() && !search.has_value(); }
  bool Match(const PropertyReader& read) const {
    return (!filter || filter->Matches(read)) &&
           (!search || search->Matches(read));
  }
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_CRITERIA_H_
