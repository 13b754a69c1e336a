#include "services/directory/group_closure.h"

#include <algorithm>

namespace rollcall::directory {
namespace {

// The inner groups of each group, one after the other.
class InnerGroups {
 public:
  explicit InnerGroups(const GroupGraph& graph)
      : begin_(graph.group_count + 1, 0), inner_(graph.nestings.size()) {
    for (const auto& [outer, inner] : graph.nestings) ++begin_[outer + 1];
    for (size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
    std::vector<uint32_t> place(begin_.begin(), begin_.end() - 1);
    for (const auto& [outer, inner] : graph.nestings) {
      inner_[place[outer]++] = inner;
    }
  }

  absl::Span<const uint32_t> Of(uint32_t group) const {
    return absl::MakeConstSpan(inner_).subspan(
        begin_[group], begin_[group + 1] - begin_[group]);
  }

 private:
  std::vector<uint32_t> begin_;
  std::vector<uint32_t> inner_;
};

}  // namespace

GroupClosure::GroupClosure(const GroupGraph& graph)
    : words_((graph.selected.size() + 63) / 64),
      selected_above_(words_ * graph.group_count, 0) {
  const InnerGroups inner_groups(graph);
  std::vector<uint32_t> to_visit;
  for (size_t place = 0; place < graph.selected.size(); ++place) {
    const uint64_t bit = uint64_t{1} << place % 64;
    // True the first time only: that ends cycles.
    const auto mark = [&](uint32_t group) {
      uint64_t& word = selected_above_[group * words_ + place / 64];
      const bool is_new = (word & bit) == 0;
      word |= bit;
      return is_new;
    };
    mark(graph.selected[place]);
    to_visit.push_back(graph.selected[place]);
    while (!to_visit.empty()) {
      const uint32_t group = to_visit.back();
      to_visit.pop_back();
      for (const uint32_t inner : inner_groups.Of(group)) {
        if (mark(inner)) to_visit.push_back(inner);
      }
    }
  }
}

void GroupClosure::SelectedGroupsOf(absl::Span<const uint32_t> groups,
                                    std::vector<uint32_t>& result) const {
  result.clear();
  for (size_t word = 0; word < words_; ++word) {
    uint64_t bits = 0;
    for (const uint32_t group : groups) {
      bits |= selected_above_[group * words_ + word];
    }
    for (; bits != 0; bits &= bits - 1) {
      result.push_back(
          static_cast<uint32_t>(word * 64 + __builtin_ctzll(bits)));
    }
  }
}

}  // namespace rollcall::directory
