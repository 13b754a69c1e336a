#include "services/directory/change_cursor.h"

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

TEST(ChangeCursor, ComesBackAsItWas) {
  const ChangeCursor cursor{"inc", "d1", 18'000'000'000'000'000'000u};
  EXPECT_EQ(ChangeCursor::Parse(cursor.ToString()), cursor);
}

TEST(ChangeCursor, NothingElseIsOne) {
  const std::string text = ChangeCursor{"inc", "d1", 7}.ToString();
  for (const std::string& wrong :
       {std::string(), std::string("x"), text + "A", text.substr(1),
        std::string("MS9pbmMvZDEvLTc"), std::string("Mi9pbmMvZDEvNw")}) {
    EXPECT_EQ(ChangeCursor::Parse(wrong), absl::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace rollcall::directory
