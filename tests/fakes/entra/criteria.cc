#include "tests/fakes/entra/criteria.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/graph_error.h"

namespace rollcall::entra {
namespace {

absl::Status SortingNotSupported() {
  return UnsupportedQuery("Sorting not supported for current query.");
}

// property [asc|desc]; nothing if no order is asked for.
absl::StatusOr<std::optional<Order>> ParseOrder(
    const GraphCall& call, absl::Span<const PropertyInfo> properties) {
  if (!call.options.order_by.has_value()) return std::optional<Order>();
  const std::vector<absl::string_view> words =
      absl::StrSplit(*call.options.order_by, ' ', absl::SkipEmpty());
  if (words.empty() || words.size() > 2 || absl::StrContains(words[0], ",")) {
    return SortingNotSupported();
  }
  const auto property = FindProperty(properties, words[0]);
  if (!property.has_value()) {
    return GraphError(
        400, "BadRequest",
        absl::StrCat("Could not find a property named '", words[0], "'."));
  }
  const bool descending =
      words.size() == 2 && absl::EqualsIgnoreCase(words[1], "desc");
  if (words.size() == 2 && !descending &&
      !absl::EqualsIgnoreCase(words[1], "asc")) {
    return GraphError(
        400, "BadRequest",
        absl::StrCat("Syntax error at position ", words[0].size() + 1, " in '",
                     *call.options.order_by, "'."));
  }
  const FilterSupport support = properties[*property].orders;
  const bool needs_more =
      support == FilterSupport::kAdvanced || call.options.filter.has_value();
  if (support == FilterSupport::kNone || (needs_more && !call.advanced())) {
    return SortingNotSupported();
  }
  return std::optional<Order>({*property, descending});
}

}  // namespace

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
  absl::StatusOr<std::optional<Order>> order = ParseOrder(call, properties);
  if (!order.ok()) return order.status();
  criteria.order = *order;
  return criteria;
}

absl::StatusOr<Criteria> Criteria::ParseForRelation(
    const GraphCall& call, absl::Span<const PropertyInfo> properties) {
  if (!call.advanced()) {
    if (call.options.filter.has_value()) {
      return UnsupportedQuery(
          "The specified filter to the reference property query is currently "
          "not supported.");
    }
    if (call.options.order_by.has_value()) return SortingNotSupported();
  }
  return Parse(call, properties);
}

}  // namespace rollcall::entra
