#include "tests/fakes/mail/mail_server.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr char kText[] =
    "Subject: hello\r\n\r\n.a line with a dot\r\nand another\r\n";

struct Outcome {
  CURLcode result;
  long reply;
};

// Sends kText with a client that has nothing to do with ours.
Outcome Send(const MailServer& server, bool require_tls = false) {
  std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(),
                                              curl_easy_cleanup);
  curl_slist* to = curl_slist_append(nullptr, "<ada@example.com>");
  const char* rest = kText;
  curl_easy_setopt(curl.get(), CURLOPT_URL,
                   absl::StrCat("smtp://", server.address()).c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, "<it@example.org>");
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, to);
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, 2000L);
  if (require_tls) {
    curl_easy_setopt(curl.get(), CURLOPT_USE_SSL,
                     static_cast<long>(CURLUSESSL_ALL));
  }
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &rest);
  curl_easy_setopt(
      curl.get(), CURLOPT_READFUNCTION,
      +[](char* buffer, size_t size, size_t count, void* data) -> size_t {
        const char** from = static_cast<const char**>(data);
        const size_t length = std::min(size * count, std::strlen(*from));
        std::memcpy(buffer, *from, length);
        *from += length;
        return length;
      });
  Outcome outcome = {};
  outcome.result = curl_easy_perform(curl.get());
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &outcome.reply);
  curl_slist_free_all(to);
  return outcome;
}

class MailServerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(server_, MailServer::Start()); }

  std::vector<ReceivedMail> Mails() {
    auto mails = server_->ReadMails();
    EXPECT_OK(mails);
    return mails.ok() ? *mails : std::vector<ReceivedMail>();
  }

  std::unique_ptr<MailServer> server_;
};

TEST_F(MailServerTest, KeepsAMailAsItCame) {
  EXPECT_EQ(Send(*server_).result, CURLE_OK);
  ASSERT_THAT(Mails(), SizeIs(1));
  const ReceivedMail mail = Mails()[0];
  EXPECT_EQ(mail.sender, "it@example.org");
  EXPECT_THAT(mail.recipients, ElementsAre("ada@example.com"));
  EXPECT_EQ(mail.text, kText);
  EXPECT_FALSE(mail.encrypted);
}

// The reply of each stage can be made to fail, once; nothing is kept then.
class StageTest : public MailServerTest,
                  public ::testing::WithParamInterface<const char*> {};

TEST_P(StageTest, AnswersAsToldAndIsWellAgain) {
  for (const int code : {451, 550}) {
    ASSERT_OK(server_->FailNext({.stage = GetParam(), .code = code}));
    const Outcome outcome = Send(*server_);
    EXPECT_NE(outcome.result, CURLE_OK);
    EXPECT_THAT(Mails(), SizeIs(0));
  }
  EXPECT_EQ(Send(*server_).result, CURLE_OK);
  EXPECT_THAT(Mails(), SizeIs(1));
}

TEST_P(StageTest, HangsUpAsTold) {
  ASSERT_OK(server_->FailNext({.stage = GetParam(), .action = "drop"}));
  EXPECT_NE(Send(*server_).result, CURLE_OK);
  EXPECT_THAT(Mails(), SizeIs(0));
}

INSTANTIATE_TEST_SUITE_P(All, StageTest,
                         ::testing::Values("BANNER", "EHLO", "MAIL", "RCPT",
                                           "DATA", "DOT"));

TEST_F(MailServerTest, HangsUpBeforeTheFinalDot) {
  ASSERT_OK(server_->FailNext({.stage = "BODY", .action = "drop"}));
  EXPECT_NE(Send(*server_).result, CURLE_OK);
  EXPECT_THAT(Mails(), SizeIs(0));
}

TEST_F(MailServerTest, KeepsAMailWhoseAnswerIsLost) {
  ASSERT_OK(
      server_->FailNext({.stage = "DOT", .action = "drop", .keep = true}));
  EXPECT_NE(Send(*server_).result, CURLE_OK);
  EXPECT_THAT(Mails(), SizeIs(1));
}

TEST_F(MailServerTest, StrikesOnlyTheMatchingCommand) {
  ASSERT_OK(server_->FailNext(
      {.stage = "RCPT", .code = 550, .match = "bob@example.com"}));
  EXPECT_EQ(Send(*server_).result, CURLE_OK);
}

TEST_F(MailServerTest, CountsConversations) {
  Send(*server_);
  Send(*server_);
  ASSERT_OK_AND_ASSIGN(const MailServer::Counters counters,
                       server_->ReadCounters());
  EXPECT_EQ(counters.connections, 2);
  EXPECT_EQ(counters.transactions, 2);
  EXPECT_EQ(counters.mails, 2);
}

TEST_F(MailServerTest, OffersNoEncryptionWithoutACertificate) {
  EXPECT_EQ(Send(*server_, /*require_tls=*/true).result, CURLE_USE_SSL_FAILED);
  EXPECT_THAT(Mails(), SizeIs(0));
}

}  // namespace
}  // namespace rollcall::testing
