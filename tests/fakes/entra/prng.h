// A small random number generator. The same seed gives the same numbers on
// every machine, which the distributions of the standard library don't promise.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_PRNG_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_PRNG_H_

#include <cstdint>

namespace rollcall::entra {

// One step of SplitMix64: spreads `x` over all 64 bits.
inline uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// xoshiro256** by Blackman and Vigna, seeded by SplitMix64. One thread.
class Prng {
 public:
  explicit Prng(uint64_t seed) {
    for (uint64_t& word : state_) word = seed = Mix(seed);
  }

  uint64_t Next() {
    const uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = RotateLeft(state_[3], 45);
    return result;
  }

  // A number in [0, bound). The bias is below bound / 2^64: none we can see.
  uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>(
        (static_cast<unsigned __int128>(Next()) * bound) >> 64);
  }

  // True with this probability; 0 is never, 1 is always.
  bool Chance(double probability) {
    return static_cast<double>(Next() >> 11) * 0x1.0p-53 < probability;
  }

 private:
  static uint64_t RotateLeft(uint64_t x, int by) {
    return (x << by) | (x >> (64 - by));
  }

  uint64_t state_[4];
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_PRNG_H_
