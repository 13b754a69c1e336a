#include "common/crypto/time_ordered_ids.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/crypto/digest.h"

namespace rollcall {
namespace {

constexpr int kBitsOfLetter = 5;
// In the order of ASCII.
constexpr absl::string_view kAlphabet = "234567abcdefghijklmnopqrstuvwxyz";
constexpr int64_t kFirstLetter = 6;

constexpr int kTimeLetters = 9;
constexpr int kRandomLetters = 11;
constexpr int kRandomBits = kRandomLetters * kBitsOfLetter;
constexpr uint64_t kRandomEnd = uint64_t{1} << kRandomBits;
// The first letter of a time, which is a digit of 35 years, is one of these.
constexpr int64_t kTimeOffset = kFirstLetter
                                << (kBitsOfLetter * (kTimeLetters - 1));
// The year 2840.
constexpr int64_t kLastTime =
    (int64_t{1} << (kBitsOfLetter * kTimeLetters)) - kTimeOffset - 1;
// How far apart ids of one millisecond are, at most.
constexpr uint64_t kLongestStep = uint64_t{1} << 32;

void Append(uint64_t number, int letters, std::string* id) {
  for (int i = letters - 1; i >= 0; --i) {
    *id += kAlphabet[number >> (i * kBitsOfLetter) & (kAlphabet.size() - 1)];
  }
}

}  // namespace

std::string TimeOrderedIds::Next() {
  const int64_t now =
      std::clamp<int64_t>(absl::ToUnixMillis(clock_.TimeNow()), 0, kLastTime);
  absl::MutexLock lock(&mutex_);
  if (now > time_) {
    time_ = now;
    low_ = DrawRandom() % kRandomEnd;
  } else {
    low_ += 1 + DrawRandom() % kLongestStep;
    if (low_ >= kRandomEnd) {  // The clock stands still for very many ids.
      ++time_;
      low_ %= kRandomEnd;
    }
  }
  std::string id;
  id.reserve(kTimeLetters + kRandomLetters);
  Append(static_cast<uint64_t>(time_ + kTimeOffset), kTimeLetters, &id);
  Append(low_, kRandomLetters, &id);
  return id;
}

uint64_t TimeOrderedIds::DrawRandom() {
  constexpr size_t kBytesAtOnce = 512;
  uint64_t number = 0;
  if (random_.empty()) random_ = RandomBytes(kBytesAtOnce);
  std::memcpy(&number, random_.data() + random_.size() - sizeof(number),
              sizeof(number));
  random_.resize(random_.size() - sizeof(number));
  return number;
}

}  // namespace rollcall
