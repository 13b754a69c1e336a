#include "services/directory/page_chain.h"

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;

TEST(PageChain, NoticesALoopOfAnyLength) {
  for (int length : {1, 2, 7}) {
    PageChain chain;
    for (int i = 0; i < length; ++i) EXPECT_OK(chain.Advance(absl::StrCat(i)));
    EXPECT_THAT(chain.Advance("0"),
                StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_LOOP"));
  }
}

TEST(PageChain, EndsWhatNeverEnds) {
  PageChain chain({.max_pages = 3});
  EXPECT_OK(chain.Advance("a"));
  EXPECT_OK(chain.Advance("b"));
  EXPECT_THAT(chain.Advance("c"),
              StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGES_ENDLESS"));
}

TEST(PageChain, BeginsAgainFiveTimesAndNoMore) {
  PageChain chain;
  for (int i = 0; i < 5; ++i) {
    EXPECT_OK(chain.Advance("the same link is new after each beginning"));
    EXPECT_OK(chain.Restart());
  }
  EXPECT_THAT(chain.Restart(),
              StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGES_EXPIRE"));
}

TEST(PageChain, Fault3_NoticesAWalkThatDoesNotGetAnywhere) {
  PageChain chain({.max_same_content = 2});
  for (int i = 0; i < 2; ++i) {
    EXPECT_OK(chain.Arrive(1));  // Between other pages too.
    EXPECT_OK(chain.Arrive(2));
  }
  EXPECT_THAT(chain.Arrive(1),
              StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_LOOP"));
  EXPECT_OK(chain.Restart());
  EXPECT_OK(chain.Arrive(1));
}

TEST(PageChain, Fault1_ToleratesEmptyPagesUpToALimit) {
  PageChain chain({.max_empty_in_a_row = 3});
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(chain.Arrive(absl::nullopt));
    EXPECT_OK(chain.Arrive(absl::nullopt));
    EXPECT_OK(chain.Arrive(absl::nullopt));
    EXPECT_OK(chain.Arrive(i));  // Content begins the count anew.
  }
  for (int i = 0; i < 3; ++i) EXPECT_OK(chain.Arrive(absl::nullopt));
  EXPECT_THAT(chain.Arrive(absl::nullopt),
              StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_LOOP"));
}

}  // namespace
}  // namespace rollcall::directory
