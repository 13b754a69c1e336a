// Proves which keys a range holds and what a batch adds up to.
#include "common/store/store.h"

#include <gtest/gtest.h>

#include <random>

namespace rollcall::store {
namespace {

bool Holds(const KeyRange& range, const std::string& key) {
  return key >= range.begin && (range.end.empty() || key < range.end);
}

// Short strings over few bytes, the extreme ones among them, so that prefixes
// and neighbours are met often.
std::string RandomKey(std::mt19937& random) {
  constexpr char kBytes[] = {'\x00', '\x01', 'a', '\xFE', '\xFF'};
  std::string key(random() % 5, '\0');
  for (char& c : key) c = kBytes[random() % std::size(kBytes)];
  return key;
}

TEST(KeyRange, PrefixEndsAtTheNextPrefix) {
  EXPECT_EQ(KeyRange::Prefix("ab").begin, "ab");
  EXPECT_EQ(KeyRange::Prefix("ab").end, "ac");
}

TEST(KeyRange, PrefixOfHighBytesCarriesOver) {
  EXPECT_EQ(KeyRange::Prefix("a\xFF\xFF").end, "b");
}

TEST(KeyRange, PrefixOfNothingButHighBytesHasNoEnd) {
  EXPECT_EQ(KeyRange::Prefix("\xFF\xFF").end, "");
  EXPECT_EQ(KeyRange::Prefix("").end, "");
}

TEST(KeyRange, HoldsExactlyTheKeysWithItsPrefix) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string prefix = RandomKey(random);
    const std::string key = RandomKey(random);
    EXPECT_EQ(Holds(KeyRange::Prefix(prefix), key),
              key.compare(0, prefix.size(), prefix) == 0)
        << testing::PrintToString(prefix) << testing::PrintToString(key);
  }
}

TEST(KeyRange, PrefixAfterHoldsExactlyTheGreaterKeysWithItsPrefix) {
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    const std::string prefix = RandomKey(random);
    const std::string after = RandomKey(random);
    const std::string key = RandomKey(random);
    EXPECT_EQ(Holds(KeyRange::PrefixAfter(prefix, after), key),
              key.compare(0, prefix.size(), prefix) == 0 && key > after)
        << testing::PrintToString(prefix) << testing::PrintToString(after)
        << testing::PrintToString(key);
  }
}

TEST(Batch, CountsItsBytes) {
  Batch batch("acme");
  EXPECT_TRUE(batch.empty());
  batch.Put("key", "value");
  batch.Delete("gone");
  batch.ExpectValue("a", "bc");
  batch.ExpectAbsent("d");
  EXPECT_FALSE(batch.empty());
  EXPECT_EQ(batch.byte_size(), 8u + 4u + 3u + 1u);
}

TEST(Batch, OfConditionsAloneIsEmpty) {
  Batch batch("acme");
  batch.ExpectAbsent("key");
  EXPECT_TRUE(batch.empty());
}

}  // namespace
}  // namespace rollcall::store
