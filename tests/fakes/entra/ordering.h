// Objects of one kind in the order of a property, for $orderby.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_ORDERING_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_ORDERING_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/fakes/entra/filter.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

// What $orderby asks for.
struct Order {
  int property = 0;
  bool descending = false;

  friend bool operator==(const Order&, const Order&) = default;
};

// Where an object is in an order: by its text first, then by its index, or by
// whatever else names it among the others.
struct OrderMark {
  std::string text;
  uint32_t index = 0;
};

// Objects in order, of one version of the tenant.
class Ordering {
 public:
  Ordering(std::vector<OrderMark> marks, bool descending);
  // All objects of `kind`, which is kUser or kGroup, in any state of life.
  static Ordering Of(const TenantState& state, ObjectKind kind, Order order);

  uint64_t size() const { return ranked_.size(); }
  uint32_t IndexAt(uint64_t rank) const { return ranked_[rank].index; }
  const OrderMark& MarkAt(uint64_t rank) const { return ranked_[rank]; }
  // The first rank that is not before this mark.
  uint64_t RankOf(const OrderMark& mark) const;

 private:
  bool IsBefore(const OrderMark& a, const OrderMark& b) const;

  bool descending_;
  std::vector<OrderMark> ranked_;
};

// Letter case does not matter to an order; null comes before everything.
std::string OrderText(FilterValue value);

// Keeps the last ones, since a listing asks for the same one once a page. For
// one tenant only. Thread-safe.
class OrderingCache {
 public:
  std::shared_ptr<const Ordering> Find(const TenantState& state,
                                       ObjectKind kind, Order order);

 private:
  struct Kept {
    uint64_t version;
    ObjectKind kind;
    Order order;
    std::shared_ptr<const Ordering> ordering;
  };
  absl::Mutex mutex_;
  std::list<Kept> kept_ ABSL_GUARDED_BY(mutex_);  // the latest first
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_ORDERING_H_
