#include "tests/fakes/entra/delta_link.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kDeltaTokens = 2;  // the kind of these tokens
constexpr size_t kNumbers = 15;

}  // namespace

PageToken DeltaLink::ToToken() const {
  return {.numbers = {kDeltaTokens, is_users, initial, generation,
                      static_cast<uint64_t>(issued), selected, from, until,
                      resume, end, slice, position, offset, empties, poisoned},
          .text = ids};
}

std::optional<DeltaLink> DeltaLink::FromToken(const PageToken& token) {
  const auto& numbers = token.numbers;
  if (numbers.size() != kNumbers || numbers[0] != kDeltaTokens) {
    return std::nullopt;
  }
  return DeltaLink{.is_users = numbers[1] != 0,
                   .initial = numbers[2] != 0,
                   .generation = numbers[3],
                   .issued = static_cast<int64_t>(numbers[4]),
                   .selected = numbers[5],
                   .from = numbers[6],
                   .until = numbers[7],
                   .resume = numbers[8],
                   .end = numbers[9],
                   .slice = numbers[10],
                   .position = numbers[11],
                   .offset = numbers[12],
                   .empties = numbers[13],
                   .poisoned = numbers[14] != 0,
                   .ids = token.text};
}

}  // namespace rollcall::entra
