// Pages of a collection: which objects a page holds, and the link to the next
// one. Every object that stays in the collection while it is listed comes
// exactly once, whatever else changes.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_COLLECTION_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_COLLECTION_H_

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/graph_context.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {

// Objects at positions below `end`, where a position is for ever, or a rank of
// an ordering.
struct Collection {
  absl::string_view context;  // after $metadata#
  uint64_t end = 0;
  // The first position at or after this one that is listed, or `end`.
  absl::FunctionRef<uint64_t(uint64_t position)> next;
  // Writes the object as a JSON value.
  absl::FunctionRef<void(uint64_t position, JsonWriter& json)> write;
  // Set if positions are ranks, which changes between two pages move.
  const Ordering* ordering = nullptr;
};

// With /$count at the end of the path, only how many objects there are.
absl::StatusOr<GraphReply> ListPage(const GraphContext& context,
                                    const GraphCall& call,
                                    const Collection& collection);

// Objects of a kind, by their indexes.
struct ObjectList {
  absl::string_view context;
  ObjectKind kind = ObjectKind::kUser;
  std::optional<Order> order;
  absl::FunctionRef<bool(uint64_t index)> is_listed;
  absl::FunctionRef<void(uint64_t index, JsonWriter& json)> write;
};
absl::StatusOr<GraphReply> ListObjects(const GraphContext& context,
                                       const GraphCall& call,
                                       const TenantState& state,
                                       const ObjectList& list);

// Whether the request and the one that its $skiptoken came from agree about
// ConsistencyLevel; takes it over from there if headers need not be repeated.
absl::Status CheckRepeatedHeaders(const GraphContext& context, GraphCall& call);

// Turns the question whether a position is listed into Collection::next.
template <typename IsListed>
auto NextWhere(uint64_t end, IsListed is_listed) {
  return [end, is_listed](uint64_t position) {
    while (position < end && !is_listed(position)) ++position;
    return position;
  };
}

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_COLLECTION_H_
