// Proves that the order of keys is the order of their parts, and that parts
// come back as they went in.
#include "common/store/key.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <tuple>
#include <vector>

#include "common/store/store.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;

// Numbers near the places where encodings break.
uint64_t RandomNumber(std::mt19937_64& random) {
  const uint64_t edges[] = {0,
                            1,
                            0xFF,
                            0x100,
                            uint64_t{1} << 63,
                            std::numeric_limits<uint64_t>::max()};
  switch (random() % 3) {
    case 0:
      return random();
    case 1:
      return random() >> (random() % 64);
    default:
      return edges[random() % std::size(edges)] + random() % 3 - 1;
  }
}

// Short strings over few bytes, so that prefixes and zero bytes are met often.
std::string RandomString(std::mt19937_64& random) {
  constexpr char kBytes[] = {'\x00', '\x01', '\x02', 'a', '\xFE', '\xFF'};
  std::string text(random() % 5, '\0');
  for (char& c : text) c = kBytes[random() % std::size(kBytes)];
  return text;
}

struct Parts {
  std::string text;
  uint64_t number = 0;
  int64_t whole = 0;
  absl::Time time;
  std::string last;

  auto Tie() const { return std::tie(text, number, whole, time, last); }

  static Parts Random(std::mt19937_64& random) {
    return {.text = RandomString(random),
            .number = RandomNumber(random),
            .whole = static_cast<int64_t>(RandomNumber(random)),
            .time = absl::FromUnixNanos(
                static_cast<int64_t>(RandomNumber(random)) / 2),
            .last = RandomString(random)};
  }

  std::string Encode() const {
    return Key("table")
        .String(text)
        .Uint64(number)
        .Int64(whole)
        .Time(time)
        .String(last)
        .Build();
  }
};

TEST(Key, OrderOfBytesIsOrderOfParts) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 50000; ++i) {
    const Parts a = Parts::Random(random);
    Parts b = Parts::Random(random);
    // Equal beginnings, so that later parts get to decide.
    if (random() % 2) b.text = a.text;
    if (random() % 2) b.number = a.number;
    if (random() % 2) b.whole = a.whole;
    if (random() % 2) b.time = a.time;
    EXPECT_EQ(a.Encode() < b.Encode(), a.Tie() < b.Tie())
        << ::testing::PrintToString(a.Encode())
        << ::testing::PrintToString(b.Encode());
  }
}

TEST(Key, PartsComeBack) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const Parts parts = Parts::Random(random);
    const std::string key = parts.Encode();
    Parts read;
    KeyReader reader(key);
    EXPECT_OK(reader.Table("table")
                  .String(&read.text)
                  .Uint64(&read.number)
                  .Int64(&read.whole)
                  .Time(&read.time)
                  .String(&read.last)
                  .Finish());
    EXPECT_EQ(read.Tie(), parts.Tie());
  }
}

TEST(Key, PrefixRangeHoldsOneTableOnly) {
  const KeyRange users = KeyRange::Prefix(Key("users").Build());
  const auto holds = [&users](const std::string& key) {
    return key >= users.begin && key < users.end;
  };
  EXPECT_TRUE(holds(Key("users").String("ann").Build()));
  EXPECT_TRUE(holds(Key("users").Build()));
  EXPECT_FALSE(holds(Key("user").String("s").Build()));
  EXPECT_FALSE(holds(Key("users2").String("ann").Build()));
  EXPECT_FALSE(holds(Key(std::string("users\0", 6)).Build()));
}

TEST(Key, TimesOutOfRangeAreTheEnds) {
  for (const absl::Time time : {absl::InfinitePast(), absl::InfiniteFuture()}) {
    const std::string key = Key("t").Time(time).Build();
    absl::Time read;
    KeyReader reader(key);
    EXPECT_OK(reader.Table("t").Time(&read).Finish());
    EXPECT_EQ(read, time);
  }
  EXPECT_LT(Key("t").Time(absl::InfinitePast()).Build(),
            Key("t").Time(absl::UnixEpoch()).Build());
  EXPECT_LT(Key("t").Time(absl::UnixEpoch()).Build(),
            Key("t").Time(absl::InfiniteFuture()).Build());
}

// Reads a table and one string.
absl::Status ReadString(const std::string& key) {
  std::string part;
  return KeyReader(key).Table("table").String(&part).Finish();
}

TEST(KeyReader, RefusesWhatIsNotAKey) {
  const std::string good = Key("table").String(std::string("a\0b", 3)).Build();
  ASSERT_OK(ReadString(good));
  const auto malformed =
      StatusIs(absl::StatusCode::kDataLoss, std::string("KEY_MALFORMED"));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(ReadString(good.substr(0, size)), malformed) << size;
  }
  EXPECT_THAT(ReadString(good + "x"), malformed);
  EXPECT_THAT(ReadString(Key("other").String("a").Build()), malformed);
  EXPECT_THAT(ReadString(Key("table").Build() + std::string("a\0x", 3)),
              malformed);
}

TEST(KeyReader, RefusesShortIntegers) {
  const std::string key = Key("table").Uint64(7).Build();
  const std::string cut = key.substr(0, key.size() - 1);
  uint64_t number = 1;
  EXPECT_THAT(KeyReader(cut).Table("table").Uint64(&number).Finish(),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(number, 0u);
}

}  // namespace
}  // namespace rollcall::store
