#include "tests/fakes/entra/delta_link.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kDeltaTokens = 2;  // the kind of these tokens
constexpr size_t kNumbers = 11;

}  // namespace

PageToken DeltaLink::ToToken() const {
  return {.numbers = {kDeltaTokens, is_users, initial, generation,
                      static_cast<uint64_t>(issued), selected, from, until,
                      position, offset, nonce},
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
                   .position = numbers[8],
                   .offset = numbers[9],
                   .nonce = numbers[10],
                   .ids = token.text};
}

}  // namespace rollcall::entra
