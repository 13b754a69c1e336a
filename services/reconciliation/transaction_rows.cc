#include "services/reconciliation/transaction_rows.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/btree_map.h"

namespace rollcall::reconciliation {
namespace {

using Row = TransactionRows::Row;

bool KeyIsLess(const Row* a, const Row* b) { return a->key < b->key; }

// The first part of a key, as `common/store/key.h` encodes it.
absl::string_view TableOf(absl::string_view key) {
  return key.substr(0, key.find('\0'));
}

size_t CommonPrefix(absl::string_view a, absl::string_view b) {
  const auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<size_t>(ends.first - a.begin());
}

// Eight bytes of a key as a number that is ordered as they are; what is missing
// counts as zeroes.
uint64_t MarkOf(absl::string_view key, size_t begin) {
  uint64_t mark = 0;
  for (size_t i = begin; i < begin + sizeof(mark); ++i) {
    mark = mark << 8 | (i < key.size() ? static_cast<uint8_t>(key[i]) : 0);
  }
  return mark;
}

// Many keys of one table come in order already, the others nearly so from some
// place on: a group's members, for example. So numbers are sorted first, and
// keys are compared only where those are equal.
void Sort(std::vector<Row*>& rows) {
  if (std::is_sorted(rows.begin(), rows.end(), KeyIsLess)) return;
  size_t prefix = rows.front()->key.size();
  for (const Row* row : rows) {
    prefix = std::min(prefix, CommonPrefix(rows.front()->key, row->key));
  }
  struct Marked {
    uint64_t mark;
    Row* row;
  };
  std::vector<Marked> marked;
  marked.reserve(rows.size());
  for (Row* row : rows) marked.push_back({MarkOf(row->key, prefix), row});
  std::stable_sort(
      marked.begin(), marked.end(),
      [](const Marked& a, const Marked& b) { return a.mark < b.mark; });
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = marked[i].row;
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && marked[end].mark == marked[begin].mark) ++end;
    const auto first = rows.begin() + static_cast<ptrdiff_t>(begin);
    const auto last = rows.begin() + static_cast<ptrdiff_t>(end);
    if (!std::is_sorted(first, last, KeyIsLess)) {
      std::sort(first, last, KeyIsLess);
    }
    begin = end;
  }
}

}  // namespace

void TransactionRows::Set(std::string key, absl::optional<std::string> value) {
  byte_size_ += key.size() + (value.has_value() ? value->size() : 0);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    found->second->value = std::move(value);
    return;
  }
  rows_.push_back({std::move(key), std::move(value)});
  by_key_.emplace(rows_.back().key, &rows_.back());
}

std::vector<Row*> TransactionRows::TakeInOrder() {
  absl::btree_map<absl::string_view, std::vector<Row*>> tables;
  for (Row& row : rows_) tables[TableOf(row.key)].push_back(&row);
  by_key_.clear();
  std::vector<Row*> all;
  all.reserve(rows_.size());
  for (auto& [table, rows] : tables) {
    Sort(rows);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

}  // namespace rollcall::reconciliation
