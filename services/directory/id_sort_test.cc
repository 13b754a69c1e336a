#include "services/directory/id_sort.h"

#include <random>

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

struct Thing {
  SourceId id;
  int rank = 0;

  friend auto operator<=>(const Thing&, const Thing&) = default;
};

// However ids are spread: over everything, over a few values, over the last
// bits alone, in order already.
TEST(IdSort, SortsAsStdSortDoes) {
  std::mt19937_64 random(7);
  for (const uint64_t mask :
       {~uint64_t{0}, uint64_t{0x3}, uint64_t{0xff} << 56, uint64_t{0xfff}}) {
    for (const int count : {0, 1, 2, 31, 33, 1000, 20'000}) {
      std::vector<Thing> things;
      for (int i = 0; i < count; ++i) {
        things.push_back({SourceId(random() & mask, random() % 5),
                          static_cast<int>(random() % 3)});
      }
      std::vector<Thing> expected = things;
      std::sort(expected.begin(), expected.end());
      const auto id_of = [](const Thing& thing) { return thing.id; };
      SortById(things, id_of);
      EXPECT_EQ(things, expected) << mask << " " << count;
      SortById(things, id_of);
      EXPECT_EQ(things, expected) << mask << " " << count << " again";

      expected.erase(std::unique(expected.begin(), expected.end()),
                     expected.end());
      std::shuffle(things.begin(), things.end(), random);
      SortAndUniqueById(things, id_of);
      EXPECT_EQ(things, expected) << mask << " " << count << " once";
    }
  }
}

}  // namespace
}  // namespace rollcall::directory
