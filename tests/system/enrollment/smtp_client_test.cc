#include "services/enrollment/smtp_client.h"

#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/identity/values.h"
#include "common/testing/certificates.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/mail/mail_server.h"

namespace rollcall::enrollment {

void PrintTo(MailOutcome outcome, std::ostream* out) {
  *out << MailOutcomeName(outcome);
}

namespace {

using ::rollcall::testing::MailFault;
using ::rollcall::testing::MailServer;
using ::rollcall::testing::ReceivedMail;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kMessage[] =
    "From: it@rollcall.example\r\nTo: ada@example.com\r\n\r\n"
    ".a line with a dot\r\n..\r\n.\r\nthe end\r\n";

OutgoingMail Mail(const std::string& to = "ada@example.com") {
  return {.sender = *EmailAddress::Parse("it@rollcall.example"),
          .recipient = *EmailAddress::Parse(to),
          .message = kMessage};
}

class SmtpClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, MailServer::Start());
    client_ = Client({.server = server_->address(),
                      .plaintext = true,
                      .connect_timeout = absl::Seconds(1),
                      .command_timeout = absl::Seconds(1),
                      .final_reply_timeout = absl::Seconds(1)});
  }

  std::unique_ptr<SmtpClient> Client(SmtpOptions options) {
    auto client = SmtpClient::Create(std::move(options));
    EXPECT_OK(client);
    return *std::move(client);
  }

  MailOutcome Send() { return Send(*client_); }
  MailOutcome Send(SmtpClient& client) {
    noted_ = 0;
    const SendReport report = client.Send(Mail(), [this] {
      ++noted_;
      return absl::OkStatus();
    });
    reply_ = report.reply;
    return report.outcome;
  }

  size_t MailCount() {
    auto mails = server_->ReadMails();
    EXPECT_OK(mails);
    return mails.ok() ? mails->size() : 999;
  }

  std::unique_ptr<MailServer> server_;
  std::unique_ptr<SmtpClient> client_;
  int noted_ = 0;
  std::string reply_;
};

TEST_F(SmtpClientTest, B8_AnAcceptedMailArrivesAsItWasBuilt) {
  EXPECT_EQ(Send(), MailOutcome::kSent);
  EXPECT_EQ(noted_, 1);
  EXPECT_THAT(reply_, HasSubstr("250"));
  ASSERT_OK_AND_ASSIGN(const std::vector<ReceivedMail> mails,
                       server_->ReadMails());
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].sender, "it@rollcall.example");
  EXPECT_THAT(mails[0].recipients, ElementsAre("ada@example.com"));
  EXPECT_EQ(mails[0].text, kMessage);
}

// F12: what the server does, and what is known about the mail then.
struct Case {
  std::string name;
  MailFault fault;
  MailOutcome expected;
  int noted;
  size_t kept = 0;
};

class SmtpFaultTest : public SmtpClientTest,
                      public ::testing::WithParamInterface<Case> {};

TEST_P(SmtpFaultTest, F12_B8_IsClassified) {
  ASSERT_OK(server_->FailNext(GetParam().fault));
  EXPECT_EQ(Send(), GetParam().expected) << reply_;
  EXPECT_EQ(noted_, GetParam().noted);
  EXPECT_EQ(MailCount(), GetParam().kept);
  if (GetParam().fault.code != 0) {
    EXPECT_THAT(reply_, HasSubstr(absl::StrCat(GetParam().fault.code)));
  }
  // And the next mail goes its way.
  EXPECT_EQ(Send(), MailOutcome::kSent);
  EXPECT_EQ(MailCount(), GetParam().kept + 1);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SmtpFaultTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"Banner554",
         {.stage = "BANNER", .code = 554},
         MailOutcome::kUnreachable,
         0},
        {"Banner421",
         {.stage = "BANNER", .code = 421},
         MailOutcome::kUnreachable,
         0},
        {"BannerDrop",
         {.stage = "BANNER", .action = "drop"},
         MailOutcome::kUnreachable,
         0},
        {"BannerTooSlow",
         {.stage = "BANNER", .action = "hang"},
         MailOutcome::kUnreachable,
         0},
        {"BannerSlow",
         {.stage = "BANNER", .action = "delay", .seconds = 0.2},
         MailOutcome::kSent,
         1,
         1},
        {"Ehlo421",
         {.stage = "EHLO", .code = 421},
         MailOutcome::kUnreachable,
         0},
        {"Ehlo550",
         {.stage = "EHLO", .code = 550},
         MailOutcome::kUnreachable,
         0},
        {"EhloDrop",
         {.stage = "EHLO", .action = "drop"},
         MailOutcome::kUnreachable,
         0},
        {"Mail451", {.stage = "MAIL", .code = 451}, MailOutcome::kRetry, 0},
        {"Mail550", {.stage = "MAIL", .code = 550}, MailOutcome::kFailed, 0},
        {"Mail421", {.stage = "MAIL", .code = 421}, MailOutcome::kRetry, 0},
        {"MailDrop",
         {.stage = "MAIL", .action = "drop"},
         MailOutcome::kRetry,
         0},
        {"MailHang",
         {.stage = "MAIL", .action = "hang"},
         MailOutcome::kRetry,
         0},
        {"Rcpt450", {.stage = "RCPT", .code = 450}, MailOutcome::kRetry, 0},
        {"Rcpt550", {.stage = "RCPT", .code = 550}, MailOutcome::kFailed, 0},
        {"RcptDrop",
         {.stage = "RCPT", .action = "drop"},
         MailOutcome::kRetry,
         0},
        {"Data451", {.stage = "DATA", .code = 451}, MailOutcome::kRetry, 0},
        {"Data554", {.stage = "DATA", .code = 554}, MailOutcome::kFailed, 0},
        {"DataDrop",
         {.stage = "DATA", .action = "drop"},
         MailOutcome::kRetry,
         0},
        {"Dot452", {.stage = "DOT", .code = 452}, MailOutcome::kRetry, 1},
        {"Dot554", {.stage = "DOT", .code = 554}, MailOutcome::kFailed, 1},
        {"Dot421", {.stage = "DOT", .code = 421}, MailOutcome::kRetry, 1},
        {"DotDrop",
         {.stage = "DOT", .action = "drop"},
         MailOutcome::kUnknown,
         1},
        {"DotHang",
         {.stage = "DOT", .action = "hang"},
         MailOutcome::kUnknown,
         1},
        {"Dot250Lost",
         {.stage = "DOT", .action = "drop", .keep = true},
         MailOutcome::kUnknown,
         1,
         1},
    }),
    [](const auto& test) { return test.param.name; });

TEST_F(SmtpClientTest, B8_NoNoteNoFinalDot) {
  const SendReport report = client_->Send(
      Mail(), [] { return absl::UnavailableError("the store is gone"); });
  EXPECT_EQ(report.outcome, MailOutcome::kRetry);
  EXPECT_EQ(MailCount(), 0u);
}

TEST_F(SmtpClientTest, KeepsConnectionsAndUsesThemAgain) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Send(), MailOutcome::kSent);
  ASSERT_OK_AND_ASSIGN(const MailServer::Counters counters,
                       server_->ReadCounters());
  EXPECT_EQ(counters.mails, 20);
  EXPECT_EQ(counters.connections, 1);
}

TEST_F(SmtpClientTest, AConnectionThatWasClosedMeanwhileIsNoFailure) {
  EXPECT_EQ(Send(), MailOutcome::kSent);
  ASSERT_OK(server_->FailNext({.stage = "MAIL", .code = 421}));
  EXPECT_EQ(Send(), MailOutcome::kSent);
  ASSERT_OK(server_->FailNext({.stage = "MAIL", .action = "drop"}));
  EXPECT_EQ(Send(), MailOutcome::kSent);
  EXPECT_EQ(MailCount(), 3u);
}

TEST_F(SmtpClientTest, SendsFromSeveralThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 10; ++k) {
        const SendReport report =
            client_->Send(Mail(absl::StrCat("u", i, "-", k, "@example.com")),
                          [] { return absl::OkStatus(); });
        EXPECT_EQ(report.outcome, MailOutcome::kSent);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(MailCount(), 40u);
}

TEST_F(SmtpClientTest, AServerThatIsDownIsUnreachable) {
  const std::string address = server_->address();
  server_.reset();
  EXPECT_EQ(Send(), MailOutcome::kUnreachable);
}

TEST_F(SmtpClientTest, C3_PlainTextIsForLoopbackOnly) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  for (const char* server : {"mail.example.com:25", "10.0.0.1:25", "mail", "",
                             "127.0.0.1.evil.example:25"}) {
    EXPECT_THAT(SmtpClient::Create({.server = server, .plaintext = true}),
                StatusIs(kInvalid, "SMTP_OPTIONS_INVALID"));
  }
}

class SmtpTlsTest : public SmtpClientTest {
 protected:
  void SetUp() override {
    const rpc::TlsFiles files = authority_.ForService("mail");
    ASSERT_OK_AND_ASSIGN(
        server_, MailServer::Start({.certificate_file = files.certificate_file,
                                    .key_file = files.key_file}));
    client_ = Client({.server = server_->address(),
                      .ca_file = authority_.ca_file(),
                      .connect_timeout = absl::Seconds(5)});
  }

  rollcall::testing::TestAuthority authority_;
};

TEST_F(SmtpTlsTest, C3_MailsAreEncrypted) {
  EXPECT_EQ(Send(), MailOutcome::kSent) << reply_;
  ASSERT_OK_AND_ASSIGN(const std::vector<ReceivedMail> mails,
                       server_->ReadMails());
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_TRUE(mails[0].encrypted);
}

TEST_F(SmtpTlsTest, F12_AStrippedStarttlsSendsNothing) {
  ASSERT_OK(server_->FailNext({.stage = "EHLO", .action = "strip_starttls"}));
  EXPECT_EQ(Send(), MailOutcome::kUnreachable);
  EXPECT_EQ(MailCount(), 0u);
  ASSERT_OK_AND_ASSIGN(const MailServer::Counters counters,
                       server_->ReadCounters());
  EXPECT_EQ(counters.transactions, 0);
}

TEST_F(SmtpTlsTest, C3_AServerThatNobodyVouchesForGetsNothing) {
  const rollcall::testing::TestAuthority other;
  const auto client = Client({.server = server_->address(),
                              .ca_file = other.ca_file(),
                              .connect_timeout = absl::Seconds(5)});
  EXPECT_EQ(Send(*client), MailOutcome::kUnreachable);
  EXPECT_EQ(MailCount(), 0u);
}

}  // namespace
}  // namespace rollcall::enrollment
