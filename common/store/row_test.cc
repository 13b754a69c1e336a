// Proves that rows keep partitions apart and in order, and that no damaged or
// misplaced value is read.
#include "common/store/row.h"

#include <gtest/gtest.h>

#include <random>
#include <tuple>

#include "common/store/store.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;

std::string RandomText(std::mt19937& random) {
  constexpr char kBytes[] = {'\x00', '\x01', '_', 'a', '\xFE', '\xFF'};
  std::string text(random() % 4, '\0');
  for (char& c : text) c = kBytes[random() % std::size(kBytes)];
  return text;
}

TEST(RowKey, OrderIsThatOfPartitionThenKey) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string p = RandomText(random), k = RandomText(random);
    const std::string q = RandomText(random), l = RandomText(random);
    EXPECT_EQ(RowKey(p, k) < RowKey(q, l), std::tie(p, k) < std::tie(q, l));
  }
}

TEST(RowKey, PrefixIsThatOfOnePartitionOnly) {
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    const std::string p = RandomText(random), q = RandomText(random);
    const std::string row_key = RowKey(q, RandomText(random));
    const KeyRange range = KeyRange::Prefix(RowPrefix(p));
    EXPECT_EQ(row_key >= range.begin && row_key < range.end, p == q);
  }
}

TEST(RowKey, TellsItsPartition) {
  std::mt19937 random(3);
  for (int i = 0; i < 1000; ++i) {
    const std::string partition = RandomText(random);
    EXPECT_EQ(*PartitionOfRow(RowKey(partition, RandomText(random))),
              partition);
  }
  EXPECT_THAT(PartitionOfRow("no end"), StatusIs(absl::StatusCode::kDataLoss,
                                                 std::string("STORE_DAMAGED")));
}

TEST(RowValue, ComesBack) {
  for (const std::string& value :
       {std::string(), std::string("value"), std::string("\0\xFF", 2),
        std::string(100000, 'x')}) {
    EXPECT_EQ(*ValueOfRow("key", RowValue("key", value)), value);
  }
}

TEST(RowValue, UnderAnotherKeyIsRefused) {
  EXPECT_THAT(
      ValueOfRow("b", RowValue("a", "value")),
      StatusIs(absl::StatusCode::kDataLoss, std::string("STORE_DAMAGED")));
  // The border between key and value is part of the checksum.
  EXPECT_THAT(ValueOfRow("a", RowValue("ab", "c").substr(0, 5) + "bc"),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(RowValue, AnyFlippedBitIsRefused) {
  const std::string good = RowValue("key", "some value");
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    EXPECT_THAT(ValueOfRow("key", bad), StatusIs(absl::StatusCode::kDataLoss))
        << bit;
  }
}

TEST(RowValue, CutValuesAreRefused) {
  const std::string good = RowValue("key", "some value");
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(ValueOfRow("key", good.substr(0, size)),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
}

}  // namespace
}  // namespace rollcall::store
