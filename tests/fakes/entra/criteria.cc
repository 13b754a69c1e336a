#include "tests/fakes/entra/criteria.h"

#include <utility>

#include "tests/fakes/entra/graph_error.h"

namespace rollcall::entra {

absl::StatusOr<Criteria> Criteria::Parse(
    const GraphCall& call, absl::Span<const PropertyInfo> properties) {
  Criteria criteria;
  if (call.options.filter.has_value()) {
    absl::StatusOr<Filter> filter =
        ParseFilter(*call.options.filter, properties, call.advanced());
    if (!filter.ok()) return filter.status();
    criteria.filter = *std::move(filter);
  }
  if (call.options.search.has_value()) {
    if (!call.eventual) {
      return UnsupportedQuery(
          "Request with $search query parameter only works through MSGraph "
          "with a special request header: 'ConsistencyLevel: eventual'");
    }
    absl::StatusOr<SearchOption> search =
        SearchOption::Parse(*call.options.search, properties);
    if (!search.ok()) return search.status();
    criteria.search = *std::move(search);
  }
  return criteria;
}

}  // namespace rollcall::entra
