#include "services/directory/user_list.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "services/directory/graph_fixture.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class UserListTest : public GraphFixture {
 protected:
  // The page of a user that leads on to the next one, or not.
  Answer PageOf(int user, bool is_last = false) const {
    std::string body =
        absl::StrCat(R"({"value":[{"id":")", SourceId(0, user).ToString(),
                     R"(","displayName":"User"}])");
    if (!is_last) {
      absl::StrAppend(&body, R"(,"@odata.nextLink":")", graph_.origin(),
                      "/v1.0/users?$skiptoken=", user, "\"");
    }
    return {.body = absl::StrCat(body, "}")};
  }

  std::vector<Answer> Pages(int count) const {
    std::vector<Answer> pages;
    for (int i = 1; i <= count; ++i) pages.push_back(PageOf(i, i == count));
    return pages;
  }

  // The users of all pages to the end, in their order; each page is given back.
  static std::vector<uint64_t> TakeAll(UserList& list) {
    std::vector<uint64_t> users;
    while (absl::optional<Page<SourceUser>> page = list.Next()) {
      for (const SourceUser& user : page->items) users.push_back(user.id.low());
      list.GiveBack(*std::move(page));
    }
    return users;
  }

  // While a list that knows no bound would go on and on.
  void LetSomeTimePass() {
    LittleGraph other;
    for (int i = 0; i < 20; ++i) {
      http::Request request;
      request.url = other.origin();
      EXPECT_OK(http_->Send(request));
    }
  }
};

TEST_F(UserListTest, GivesThePagesInTheirOrder) {
  graph_.Say(Pages(5));
  UserList list(*session_, "id,displayName");
  list.Begin();
  EXPECT_THAT(TakeAll(list), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_OK(list.status());
  ASSERT_THAT(graph_.requests(), SizeIs(5));
  EXPECT_EQ(graph_.requests()[0].target,
            "/v1.0/users?$select=id,displayName&$top=999");
}

TEST_F(UserListTest, ThatIsStoppedBeforeItBeginsAsksForNothing) {
  UserList list(*session_, "id");
  list.Stop();
  list.Begin();
  EXPECT_THAT(TakeAll(list), IsEmpty());
  EXPECT_OK(list.status());
  EXPECT_THAT(graph_.requests(), IsEmpty());
}

TEST_F(UserListTest, WaitsWhenTooManyBytesWait) {
  std::vector<Answer> pages = Pages(8);
  absl::Notification second;
  pages[1].before = [&second] { second.Notify(); };
  graph_.Say(pages);
  UserList list(*session_, "id", /*max_waiting_bytes=*/1);
  list.Begin();
  second.WaitForNotification();
  LetSomeTimePass();
  // One page waits, and one more came before it was known that it must.
  EXPECT_THAT(graph_.requests(), SizeIs(2));
  EXPECT_THAT(TakeAll(list), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST_F(UserListTest, ThatIsStoppedWhileItWaitsGivesWhatHasCome) {
  std::vector<Answer> pages = Pages(8);
  absl::Notification second;
  pages[1].before = [&second] { second.Notify(); };
  graph_.Say(pages);
  UserList list(*session_, "id", /*max_waiting_bytes=*/1);
  list.Begin();
  second.WaitForNotification();
  list.Stop();
  EXPECT_THAT(TakeAll(list), ElementsAre(1, 2));
  EXPECT_OK(list.status());
  EXPECT_THAT(graph_.requests(), SizeIs(2));
}

TEST_F(UserListTest, TellsAnErrorThatEndsTheRead) {
  graph_.Say({PageOf(1), Error(403, "Authorization_RequestDenied")});
  UserList list(*session_, "id");
  list.Begin();
  EXPECT_THAT(TakeAll(list), ElementsAre(1));
  EXPECT_THAT(list.status(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                      "GRAPH_FORBIDDEN"));
}

TEST_F(UserListTest, AChainThatIsCutIsNoError) {
  const Answer broken = {.body = "no page"};
  graph_.Say({PageOf(1), broken, broken, broken});
  UserList list(*session_, "id");
  list.Begin();
  EXPECT_THAT(TakeAll(list), ElementsAre(1));
  EXPECT_OK(list.status());
}

}  // namespace
}  // namespace rollcall::directory
