#include "common/store/store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall::store {
namespace {

// The least string that is greater than every string with this prefix; empty
// if there is none, which is the case for nothing but FF bytes.
std::string PrefixEnd(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xFF') end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

}  // namespace

KeyRange KeyRange::Prefix(absl::string_view prefix) {
  return {.begin = std::string(prefix), .end = PrefixEnd(prefix)};
}

KeyRange KeyRange::PrefixAfter(absl::string_view prefix,
                               absl::string_view key) {
  KeyRange range = Prefix(prefix);
  // No string lies between a key and the same key with a zero byte behind it.
  range.begin =
      std::max(range.begin, absl::StrCat(key, absl::string_view("\0", 1)));
  return range;
}

void Batch::Put(std::string key, std::string value) {
  byte_size_ += key.size() + value.size();
  operations_.push_back({std::move(key), std::move(value)});
}

void Batch::Delete(std::string key) {
  byte_size_ += key.size();
  operations_.push_back({std::move(key), absl::nullopt});
}

void Batch::ExpectValue(std::string key, std::string value) {
  byte_size_ += key.size() + value.size();
  conditions_.push_back({std::move(key), std::move(value)});
}

void Batch::ExpectAbsent(std::string key) {
  byte_size_ += key.size();
  conditions_.push_back({std::move(key), absl::nullopt});
}

}  // namespace rollcall::store
