#include "services/directory/source_id.h"

#include <random>

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

TEST(SourceId, KeepsAGuidInLowerCase) {
  const auto id = SourceId::Parse("0A1B2C3D-4e5f-6071-8293-A4B5C6D7E8F9");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->ToString(), "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
}

TEST(SourceId, RefusesWhatIsNoGuid) {
  for (absl::string_view text :
       {"", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f", "0a1b2c3d4e5f60718293a4b5",
        "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8fg",
        "0a1b2c3d+4e5f-6071-8293-a4b5c6d7e8f9",
        "{a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f}"}) {
    EXPECT_FALSE(SourceId::Parse(text).has_value()) << text;
  }
}

TEST(SourceId, OrderOfValuesBytesAndTextsIsTheSame) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 10'000; ++i) {
    // Few distinct high halves, so that the low half decides as well.
    const SourceId a(random() % 3, random());
    const SourceId b(random() % 3, random());
    EXPECT_EQ(a < b, a.ToString() < b.ToString());
    EXPECT_EQ(a < b, a.Bytes() < b.Bytes());
    EXPECT_EQ(SourceId::Parse(a.ToString()), a);
    EXPECT_EQ(SourceId::FromBytes(a.Bytes()), a);
  }
}

}  // namespace
}  // namespace rollcall::directory
