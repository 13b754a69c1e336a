// Which objects of a collection a request asks for, and in which order:
// $filter, $search and $orderby together.

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
  std::optional<Order> order;

  static absl::StatusOr<Criteria> Parse(
      const GraphCall& call, absl::Span<const PropertyInfo> properties);

  // Of collections that are reached by a relation, such as members: those
  // know none of this without the advanced parameters.
  static absl::StatusOr<Criteria> ParseForRelation(
      const GraphCall& call, absl::Span<const PropertyInfo> properties);

  // Whether every object matches.
  bool empty() const { return !filter.has_value() && !search.has_value(); }
  bool Match(const PropertyReader& read) const {
    return (!filter || filter->Matches(read)) &&
           (!search || search->Matches(read));
  }
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_CRITERIA_H_
