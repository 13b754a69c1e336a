// A search whose options Graph ignores (section 7, fault 23); what it finds in
// a tenant is in tests/system/directory.
#include "services/directory/group_search.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "services/directory/graph_fixture.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {
namespace {

class GroupSearchTest : public GraphFixture {
 protected:
  // A page with one group, which leads to another one.
  Answer PageWith(int n, absl::string_view name, bool is_last) {
    std::string body =
        absl::StrCat(R"({"value":[{"id":")", SourceId(1, n).ToString(),
                     R"(","displayName":")", name, R"("}])");
    if (!is_last) {
      absl::StrAppend(&body, R"(,"@odata.nextLink":")", graph_.origin(),
                      "/v1.0/groups?$skiptoken=", n, R"(")");
    }
    return {.body = absl::StrCat(body, "}")};
  }
};

TEST_F(GroupSearchTest, R16_GroupsThatCannotMatchAreLeftOut) {
  graph_.Say({PageWith(1, "Support", false), PageWith(2, "Sales EMEA", true)});
  ASSERT_OK_AND_ASSIGN(const FoundGroups found, SearchGroups(*session_, "sal"));
  ASSERT_EQ(found.groups.size(), 1);
  EXPECT_EQ(found.groups[0].display_name.value(), "Sales EMEA");
  EXPECT_FALSE(found.truncated);
}

TEST_F(GroupSearchTest, R16_ATenantIsNotReadToItsEndForOneSearch) {
  std::vector<Answer> pages;
  for (int n = 1; n <= 20; ++n) {
    pages.push_back(PageWith(n, absl::StrCat("Group ", n), n == 20));
  }
  pages[2] = PageWith(3, "Sales", false);
  graph_.Say(pages);
  ASSERT_OK_AND_ASSIGN(const FoundGroups found,
                       SearchGroups(*session_, "sales"));
  EXPECT_EQ(found.groups.size(), 1);
  EXPECT_TRUE(found.truncated);
  EXPECT_EQ(graph_.requests().size(), 11);  // The last one tells of more.
}

}  // namespace
}  // namespace rollcall::directory
