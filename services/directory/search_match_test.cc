#include "services/directory/search_match.h"

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

struct Row {
  const char* name;
  const char* query;
  bool may_match;
};

TEST(MayMatch, R16_OnlyWhatCannotMatchIsLeftOut) {
  for (const Row& row : {
           Row{"Sales EMEA", "", true},
           Row{"Sales EMEA", "sal", true},
           Row{"Sales EMEA", "EMEA sales", true},
           Row{"Sales EMEA", "\"sales\"", true},
           Row{"Sales EMEA", "support", false},
           Row{"Sales EMEA", "sales apac", false},
           Row{"Sales EMEA", "apac sales", false},
           Row{"", "sales", false},
           // However Graph cuts words, it is not cut coarser here.
           Row{"hello-world", "HelloWorld", true},
           Row{"Team 7", "team7", true},
           Row{"Team 7", "team8", false},
           Row{"HR", "HR", true},
           // Nor are letters compared that Graph may fold.
           Row{"M\xc3\xbcnchen", "Munchen", true},
           Row{"Munchen", "M\xc3\xbcnchen", true},
       }) {
    EXPECT_EQ(MayMatch(row.name, row.query), row.may_match)
        << row.name << " / " << row.query;
  }
}

}  // namespace
}  // namespace rollcall::directory
