#include "tests/fakes/entra/ordering.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

constexpr size_t kKept = 2;

}  // namespace

std::string OrderText(FilterValue value) {
  auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return "";
  absl::AsciiStrToLower(text);
  return std::move(*text);
}

Ordering::Ordering(std::vector<OrderMark> marks, bool descending)
    : descending_(descending), ranked_(std::move(marks)) {
  std::sort(ranked_.begin(), ranked_.end(),
            [this](const OrderMark& a, const OrderMark& b) {
              return IsBefore(a, b);
            });
}

Ordering Ordering::Of(const TenantState& state, ObjectKind kind, Order order) {
  const size_t size =
      kind == ObjectKind::kUser ? state.users().size() : state.groups().size();
  std::vector<OrderMark> marks;
  marks.reserve(size);
  for (uint32_t i = 0; i < size; ++i) {
    marks.push_back(
        {OrderText(ReadObject(state, ObjectRef(kind, i), order.property)), i});
  }
  return Ordering(std::move(marks), order.descending);
}

bool Ordering::IsBefore(const OrderMark& a, const OrderMark& b) const {
  if (const int compared = a.text.compare(b.text); compared != 0) {
    return descending_ ? compared > 0 : compared < 0;
  }
  return a.index < b.index;
}

uint64_t Ordering::RankOf(const OrderMark& mark) const {
  return std::lower_bound(ranked_.begin(), ranked_.end(), mark,
                          [this](const OrderMark& a, const OrderMark& b) {
                            return IsBefore(a, b);
                          }) -
         ranked_.begin();
}

std::shared_ptr<const Ordering> OrderingCache::Find(const TenantState& state,
                                                    ObjectKind kind,
                                                    Order order) {
  {
    absl::MutexLock lock(&mutex_);
    for (const Kept& kept : kept_) {
      if (kept.version == state.version() && kept.kind == kind &&
          kept.order == order) {
        return kept.ordering;
      }
    }
  }
  auto ordering =
      std::make_shared<const Ordering>(Ordering::Of(state, kind, order));
  absl::MutexLock lock(&mutex_);
  kept_.push_front({state.version(), kind, order, ordering});
  if (kept_.size() > kKept) kept_.pop_back();
  return ordering;
}

}  // namespace rollcall::entra
