#include "tests/fakes/entra/subscriptions.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/http_message.h"
#include "tests/fakes/entra/receiver_health.h"
#include "tests/fakes/entra/test_client.h"

namespace rollcall::entra {
namespace {

constexpr char kUrl[] = "https://receiver.example/hook?x=1";
constexpr char kLifecycleUrl[] = "https://receiver.example/lifecycle";

// A receiver without a network.
class Receiver {
 public:
  Receipt Take(const Letter& letter) {
    absl::MutexLock lock(&mutex_);
    const size_t token = letter.url.find("validationToken=");
    if (token != std::string::npos) {
      const std::string query = letter.url.substr(letter.url.find('?') + 1);
      return {
          .status = handshake_status,
          .content_type = handshake_type,
          .body = handshake_body.empty()
                      ? std::string(Find(ParseQuery(query), "validationToken"))
                      : handshake_body};
    }
    int status = 202;
    if (!answers.empty()) {
      status = answers.front();
      answers.pop_front();
    }
    letters.push_back(letter);
    return {.status = status};
  }

  int handshake_status = 200;
  std::string handshake_type = "text/plain";
  std::string handshake_body;  // empty: the token
  std::deque<int> answers;     // 0: none in time; then 202 for ever
  std::vector<Letter> letters;

 private:
  absl::Mutex mutex_;
};

class SubscriptionsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(emulator_, nullptr);
    client_ = std::make_unique<TestClient>(*emulator_);
  }

  EmulatorOptions Options() {
    return {.courier =
                [this](const Letter& letter) { return receiver_.Take(letter); },
            .notify_in_background = false};
  }

  std::string Body(absl::string_view resource,
                   absl::Duration life = absl::Hours(48)) {
    return absl::StrCat(
        R"({"changeType":"updated,deleted","notificationUrl":")", kUrl,
        R"(","lifecycleNotificationUrl":")", kLifecycleUrl,
        R"(","clientState":"s3cret","resource":")", resource,
        R"(","expirationDateTime":")",
        absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", emulator_->Now() + life,
                         absl::UTCTimeZone()),
        R"("})");
  }
  Reply Create(absl::string_view resource) {
    return client_->PostGraph("/v1.0/subscriptions", Body(resource));
  }
  std::string Id(const Reply& reply) {
    EXPECT_EQ(reply.status, 201) << reply.body;
    return TestClient::Value(reply.body, "id");
  }
  // What arrives now.
  std::string Delivered() {
    receiver_.letters.clear();
    emulator_->DeliverNotifications();
    std::string all;
    for (const Letter& letter : receiver_.letters) all += letter.body;
    return all;
  }
  size_t CountOf(absl::string_view what, absl::string_view text) {
    return std::vector<std::string>(absl::StrSplit(text, what)).size() - 1;
  }
  Tenant& tenant() { return emulator_->tenant(); }
  std::string Twin() { return tenant().FindUser("twin0@contoso.example")->id; }

  Receiver receiver_;
  std::unique_ptr<Emulator> emulator_ = StartForTest(Options());
  std::unique_ptr<TestClient> client_;
};

TEST_F(SubscriptionsTest, LiveAndDie) {
  const std::string id = Id(Create("/users"));
  const std::string path = "/v1.0/subscriptions/" + id;
  EXPECT_EQ(TestClient::Value(client_->Graph(path).body, "clientState"),
            "s3cret");
  EXPECT_TRUE(
      absl::StrContains(client_->Graph("/v1.0/subscriptions").body, id));
  EXPECT_EQ(client_->PostGraph(path + "/reauthorize", "").status, 200);
  emulator_->AdvanceTime(absl::Hours(49));
  client_ = std::make_unique<TestClient>(*emulator_);
  EXPECT_EQ(client_->Graph(path).status, 404);
}

TEST_F(SubscriptionsTest, AskTheReceiverFirst) {
  struct Row {
    int status;
    std::string type;
    std::string body;
  };
  for (const Row& row :
       {Row{202, "text/plain", ""}, Row{0, "text/plain", ""},
        Row{200, "application/json", ""}, Row{200, "text/plain", "another"}}) {
    receiver_.handshake_status = row.status;
    receiver_.handshake_type = row.type;
    receiver_.handshake_body = row.body;
    const Reply refused = Create("/users");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(TestClient::Value(refused.body, "code"), "ValidationError");
  }
  EXPECT_TRUE(absl::StrContains(client_->Graph("/v1.0/subscriptions").body,
                                R"("value":[])"));
}

TEST_F(SubscriptionsTest, AreRefusedWhatGraphRefuses) {
  const auto status = [this](const std::string& body) {
    return client_->PostGraph("/v1.0/subscriptions", body).status;
  };
  EXPECT_EQ(status("{"), 400);
  EXPECT_EQ(status(Body("/devices")), 400);
  EXPECT_EQ(status(Body("/users/abc")), 400);
  EXPECT_EQ(status(Body("/users", absl::Minutes(41'761))), 400);
  EXPECT_EQ(status(Body("/users", -absl::Minutes(1))), 400);
  EXPECT_EQ(status(Body("/users", absl::Minutes(41'759))), 201);
  emulator_->subscriptions().SetQuota(1);
  EXPECT_EQ(status(Body("/groups")), 403);
}

TEST_F(SubscriptionsTest, TellEverythingAsGraphDoes) {
  const std::string id = Id(Create("/users"));
  const std::string user = Twin();
  EXPECT_EQ(Delivered(), "");
  ASSERT_TRUE(tenant().DeleteUser(user).ok());
  const std::string soft = Delivered();
  EXPECT_TRUE(absl::StrContains(soft, R"("changeType":"updated")")) << soft;
  EXPECT_TRUE(absl::StrContains(
      soft, absl::StrCat(R"("@odata.type":"#Microsoft.Graph.User",)",
                         R"("@odata.id":"Users/)", user, "\"")));
  EXPECT_TRUE(absl::StrContains(soft, absl::StrCat("\"", id, "\"")));
  EXPECT_TRUE(absl::StrContains(soft, R"("clientState":"s3cret")"));
  EXPECT_TRUE(absl::StrContains(soft, R"("sequenceNumber":63)"));
  ASSERT_TRUE(tenant().PurgeUser(user).ok());
  EXPECT_TRUE(absl::StrContains(Delivered(), R"("changeType":"deleted")"));
  EXPECT_EQ(Delivered(), "") << "once is enough";
}

TEST_F(SubscriptionsTest, TellOnlyWhatWasAskedFor) {
  const std::string sales = tenant().FindGroup("Sales")->id;
  const std::string member =
      *tenant().AddUser({.user_principal_name = "new@contoso.example"});
  Id(Create("groups/" + sales + "/members"));
  ASSERT_TRUE(tenant().RenameGroup(sales, "Selling").ok());
  ASSERT_TRUE(tenant().RenameGroup("Finance", "Money").ok());
  EXPECT_EQ(Delivered(), "");
  ASSERT_TRUE(tenant().AddMember(sales, member).ok());
  ASSERT_TRUE(tenant().RemoveMember(sales, member).ok());
  EXPECT_TRUE(absl::StrContains(
      Delivered(),
      absl::StrCat(R"("members@delta":[{"id":")", member, R"("},{"id":")",
                   member, R"(","@removed":"deleted"}])")));
}

TEST_F(SubscriptionsTest, RetryForFourHours) {
  Id(Create("/users"));
  ASSERT_TRUE(tenant().DisableUser(Twin()).ok());
  receiver_.answers = {503, 0};
  EXPECT_NE(Delivered(), "");
  EXPECT_EQ(Delivered(), "") << "not at once";
  emulator_->AdvanceTime(absl::Seconds(10));
  EXPECT_NE(Delivered(), "");
  emulator_->AdvanceTime(absl::Seconds(10));
  EXPECT_EQ(Delivered(), "") << "later each time";
  emulator_->AdvanceTime(absl::Seconds(10));
  EXPECT_NE(Delivered(), "");
  emulator_->AdvanceTime(absl::Hours(1));
  EXPECT_EQ(Delivered(), "") << "it was taken";

  ASSERT_TRUE(tenant().EnableUser(Twin()).ok());
  receiver_.answers.assign(1000, 500);
  for (int i = 0; i < 100; ++i) {
    Delivered();
    emulator_->AdvanceTime(absl::Minutes(5));
  }
  receiver_.answers.clear();
  EXPECT_EQ(Delivered(), "") << "given up";
}

TEST_F(SubscriptionsTest, AskToBeRenewed) {
  const std::string id = Id(Create("/users"));
  emulator_->AdvanceTime(absl::Hours(47) + absl::Minutes(1));
  const std::string asked = Delivered();
  EXPECT_TRUE(absl::StrContains(
      asked, R"("lifecycleEvent":"reauthorizationRequired")"));
  ASSERT_EQ(receiver_.letters.size(), 1);
  EXPECT_EQ(receiver_.letters[0].url, kLifecycleUrl);
  EXPECT_EQ(Delivered(), "") << "asked already";
  client_->Control("POST", "/subscriptions/" + id + "/lifecycle",
                   R"({"event":"missed"})");
  EXPECT_TRUE(absl::StrContains(Delivered(), R"("lifecycleEvent":"missed")"));
}

TEST_F(SubscriptionsTest, Number27NotificationsAreNotReliable) {
  Id(Create("/users"));
  const auto changed = [this](absl::string_view fault) {
    EXPECT_TRUE(emulator_->faults().Set(fault, 1).ok());
    EXPECT_TRUE(
        tenant().UpdateUser(Twin(), {.display_name = std::string(fault)}).ok());
    const size_t count = CountOf("\"changeType\"", Delivered());
    EXPECT_TRUE(emulator_->faults().Set(fault, 0).ok());
    return count;
  };
  EXPECT_EQ(changed("notification_lost"), 0);
  EXPECT_EQ(changed("notification_duplicated"), 2);
  EXPECT_EQ(changed("notification_late"), 0);
  emulator_->AdvanceTime(absl::Minutes(15));
  EXPECT_EQ(CountOf("\"changeType\"", Delivered()), 1);
}

TEST(ReceiverHealth, SlowReceiversWaitAndLoseInTheEnd) {
  const absl::Time noon = absl::FromUnixSeconds(1'790'000'000);
  ReceiverHealth health;
  for (int i = 0; i < 88; ++i) health.Answered(false, noon);
  for (int i = 0; i < 9; ++i) health.Answered(true, noon);
  EXPECT_EQ(health.At(noon), ReceiverHealth::State::kGood);
  for (int i = 0; i < 3; ++i) health.Answered(true, noon);
  EXPECT_EQ(health.At(noon), ReceiverHealth::State::kSlow);
  for (int i = 0; i < 6; ++i) health.Answered(true, noon);
  EXPECT_EQ(health.At(noon), ReceiverHealth::State::kDrop);
  EXPECT_EQ(health.At(noon + absl::Minutes(11)), ReceiverHealth::State::kGood);
}

}  // namespace
}  // namespace rollcall::entra
