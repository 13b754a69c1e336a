// The enrollment worker before a real mail server.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/crypto/sealer.h"
#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/enrollment/fake_reconciliation.h"
#include "services/enrollment/smtp_client.h"
#include "services/enrollment/store.h"
#include "services/enrollment/store.pb.h"
#include "services/enrollment/worker.h"
#include "services/enrollment/worker_fixture.h"
#include "tests/fakes/mail/mail_server.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::store::FaultyStore;
using ::rollcall::testing::MailServer;
using ::rollcall::testing::ReceivedMail;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// The n-th commit of the whole story fails, written or not; the process dies,
// starts again, and goes on.
class EnrollmentCrashTest
    : public EnrollmentWorkerTest,
      public ::testing::WithParamInterface<FaultyStore::Outcome> {};

TEST_P(EnrollmentCrashTest, R94_B8_NoKeyIsSentTwiceWhereverItDies) {
  ASSERT_OK_AND_ASSIGN(const auto server, MailServer::Start());
  ASSERT_OK_AND_ASSIGN(
      const auto client,
      SmtpClient::Create({.server = server->address(), .plaintext = true}));
  std::set<std::string> message_ids;
  size_t mails_before = 0;
  int points = 0;
  int unknown = 0;
  for (int n = 1;; ++n) {
    SCOPED_TRACE(absl::StrCat("commit ", n));
    FakeReconciliation reconciliation;
    for (const char* id : {"ada", "bob", "cleo"}) reconciliation.Create(id);
    reconciliation.FinishRun("r1");
    const auto base = *rollcall::store::OpenInMemory();
    FaultyStore faulty(*base);
    EnrollmentStore store(faulty);
    const Sealer sealer = NewSealer();  // Other Message-IDs in every round.

    faulty.FailCommit(n, GetParam());
    bool died = false;
    for (int life = 0; life < 3; ++life) {
      EnrollmentWorker worker(store, reconciliation, *client, sealer,
                              Options());
      bool ok = true;
      for (int turn = 0; ok && turn < 6; ++turn) {
        ok = worker.FollowFeedsOnce(kNoon).ok() &&
             worker.ReleaseOnce(kNoon).ok() && worker.SendDueOnce(kNoon).ok();
      }
      if (ok) break;
      died = true;
      faulty.Heal();
    }
    ASSERT_OK_AND_ASSIGN(const std::vector<ReceivedMail> mails,
                         server->ReadMails());
    for (size_t i = mails_before; i < mails.size(); ++i) {
      EXPECT_TRUE(
          message_ids.insert(HeaderOf(mails[i].text, "Message-Id")).second)
          << "sent twice";
    }
    const size_t arrived = mails.size() - mails_before;
    mails_before = mails.size();
    // Every mail has come to an outcome, and none is called sent that is not.
    std::map<int, int64_t> counts = *store.mails().Counts(acme_);
    EXPECT_EQ(counts[State::SENT] + counts[State::UNKNOWN], 3);
    EXPECT_LE(counts[State::SENT], static_cast<int64_t>(arrived));
    unknown += static_cast<int>(counts[State::UNKNOWN]);
    if (!died) break;  // The story has fewer than n commits.
    ++points;
  }
  EXPECT_GE(points, 6);   // Follow, release, claim, three notes, results.
  EXPECT_GE(unknown, 1);  // Or no crash was between dot and record.
}

INSTANTIATE_TEST_SUITE_P(Outcomes, EnrollmentCrashTest,
                         ::testing::Values(FaultyStore::Outcome::kNotWritten,
                                           FaultyStore::Outcome::kWritten));

TEST_F(EnrollmentWorkerTest, Invariant20_HostileNamesStayOutOfHeaders) {
  ASSERT_OK_AND_ASSIGN(const auto server, MailServer::Start());
  ASSERT_OK_AND_ASSIGN(
      const auto client,
      SmtpClient::Create({.server = server->address(), .plaintext = true}));
  sender_ = client.get();
  Restart();
  store::Settings settings;
  settings.set_subject("For {name}");
  settings.set_body("{name}: {link}");
  settings.set_version(1);
  ASSERT_OK(store_.ReplaceSettings(acme_, store::Settings(), settings));
  const std::vector<std::string> names = {"Eve\r\nBcc: victim@example.com",
                                          "Eve\nX-Evil: yes",
                                          "=?utf-8?q?Eve=0D=0ABcc:_x?=",
                                          "Visit https://evil.example/ now",
                                          "evil.example",
                                          "\xE2\x80\xAE"
                                          "gpj.exe",
                                          std::string(1 << 20, 'A'),
                                          "\r\n.\r\nMAIL FROM:<x@y>\r\n",
                                          "{link}"};
  for (size_t i = 0; i < names.size(); ++i) {
    User user = FakeReconciliation::MakeUser(absl::StrCat("u", i));
    user.set_display_name(names[i]);
    reconciliation_.Create(user);
  }
  reconciliation_.FinishRun("r1");
  ASSERT_OK(RunAll());
  ASSERT_OK_AND_ASSIGN(const std::vector<ReceivedMail> mails,
                       server->ReadMails());
  ASSERT_EQ(mails.size(), names.size());
  for (const ReceivedMail& mail : mails) {
    EXPECT_THAT(mail.recipients, SizeIs(1));
    const std::string headers = mail.text.substr(0, mail.text.find("\r\n\r\n"));
    EXPECT_THAT(headers,
                AllOf(Not(HasSubstr("\nBcc")), Not(HasSubstr("\nX-Evil")),
                      Not(HasSubstr("#acme"))));
    EXPECT_LT(mail.text.size(), 2000u);
    const std::string body = Decode(mail.text.substr(headers.size()));
    EXPECT_THAT(body, AllOf(Not(HasSubstr("https://evil")),
                            Not(HasSubstr("evil.example"))));
    EXPECT_NE(TokenIn(mail.text), "");
  }
}

}  // namespace
}  // namespace rollcall::enrollment
