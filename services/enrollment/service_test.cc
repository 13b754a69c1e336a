#include "services/enrollment/service.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/crypto/sealer.h"
#include "common/identity/resource_name.h"
#include "common/identity/values.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/edge.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/enrollment/fake_reconciliation.h"
#include "services/enrollment/mail_sender.h"
#include "services/enrollment/store.h"
#include "services/enrollment/worker.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using User = FakeReconciliation::User;

const absl::Time kNoon =
    absl::FromCivil(absl::CivilHour(2026, 3, 1, 12), absl::UTCTimeZone());
constexpr char kSettings[] = "accounts/acme/enrollmentSettings";

// Takes every mail but those to `bounce@example.com`.
class Server : public MailSender {
 public:
  SendReport Send(
      const OutgoingMail& mail,
      const std::function<absl::Status()>& before_final_dot) override {
    if (mail.recipient.value() == "bounce@example.com") {
      return {.outcome = MailOutcome::kFailed, .reply = "550 unknown"};
    }
    EXPECT_OK(before_final_dot());
    return {.outcome = MailOutcome::kSent, .reply = "250 kept"};
  }
};

class EnrollmentServiceTest : public ::testing::Test {
 protected:
  void RunAll() {
    const absl::Time now = clock_.TimeNow();
    ASSERT_OK(worker_.FollowFeedsOnce(now));
    ASSERT_OK(worker_.ReleaseOnce(now));
    ASSERT_OK(worker_.SendDueOnce(now));
  }

  absl::StatusOr<v1::Enrollment> Get(const std::string& name) {
    v1::GetEnrollmentRequest request;
    request.set_name(name);
    return service_.Get(request);
  }

  // The users of ListPendingEnrollments, page by page.
  std::vector<std::string> Pending(int page_size) {
    std::vector<std::string> users;
    v1::ListPendingEnrollmentsRequest request;
    request.set_parent("accounts/acme");
    request.set_page_size(page_size);
    do {
      auto response = service_.ListPending(request);
      EXPECT_OK(response);
      if (!response.ok()) break;
      EXPECT_LE(response->enrollments_size(), page_size);
      for (const v1::Enrollment& enrollment : response->enrollments()) {
        users.push_back(
            absl::StrCat(enrollment.user(), " ",
                         v1::Enrollment::State_Name(enrollment.state())));
      }
      request.set_page_token(response->next_page_token());
    } while (!request.page_token().empty());
    return users;
  }

  v1::ListMailsResponse Mails() {
    v1::ListMailsRequest request;
    request.set_parent("accounts/acme");
    auto response = service_.ListMails(request);
    EXPECT_OK(response);
    return response.value_or(v1::ListMailsResponse());
  }

  v1::EnrollmentSettings Settings() {
    v1::GetEnrollmentSettingsRequest request;
    request.set_name(kSettings);
    auto settings = service_.GetSettings(request);
    EXPECT_OK(settings);
    return settings.value_or(v1::EnrollmentSettings());
  }

  v1::UpdateEnrollmentSettingsRequest Update(const std::string& body) {
    v1::UpdateEnrollmentSettingsRequest request;
    request.mutable_settings()->set_name(kSettings);
    request.mutable_settings()->set_body(body);
    return request;
  }

  SimulatedClock clock_{kNoon};
  std::unique_ptr<rollcall::store::Store> base_ =
      *rollcall::store::OpenInMemory();
  EnrollmentStore store_{*base_};
  FakeReconciliation reconciliation_;
  Server server_;
  Sealer sealer_ = *Sealer::FromText(Sealer::GenerateKeyFile());
  EnrollmentWorker worker_{
      store_,
      reconciliation_,
      server_,
      sealer_,
      {.sender = *EmailAddress::Parse("it@rollcall.example"),
       .message_id_domain = "rollcall.example",
       .link_base = "https://e.example/enroll"}};
  EnrollmentServiceImpl service_{
      store_,
      clock_,
      {.sender = *EmailAddress::Parse("it@rollcall.example"),
       .message_id_domain = "rollcall.example"},
      rpc::Edge(*rpc::AccessPolicy::ForServices(
                    {"rollcall.enrollment.v1.EnrollmentService"}),
                "test.rollcall", "enrollment.rollcall")};
};

TEST_F(EnrollmentServiceTest, R90_PendingEnrollmentsShowAddressAndExpiry) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  RunAll();
  ASSERT_OK_AND_ASSIGN(const v1::Enrollment enrollment,
                       Get("accounts/acme/enrollments/ada"));
  EXPECT_EQ(enrollment.user(), "accounts/acme/users/ada");
  EXPECT_EQ(enrollment.email(), "ada@example.com");
  EXPECT_EQ(enrollment.state(), v1::Enrollment::PENDING);
  EXPECT_EQ(enrollment.cycle(), 1);
  EXPECT_EQ(enrollment.issue_time().seconds(), absl::ToUnixSeconds(kNoon));
  EXPECT_EQ(enrollment.expire_time().seconds(),
            absl::ToUnixSeconds(kNoon) + 30 * 24 * 3600);
}

TEST_F(EnrollmentServiceTest, R90_ListsWhoHasALinkAndIsNotEnrolled) {
  for (const char* id : {"ada", "bob", "cleo", "dan", "eve"}) {
    reconciliation_.Create(id);
  }
  reconciliation_.FinishRun("r1");
  RunAll();
  reconciliation_.Update("bob", [](User* u) { u->set_device_count(1); });
  reconciliation_.Update("dan", [](User* u) { u->set_state(User::DISABLED); });
  RunAll();
  for (const int page_size : {1, 2, 10}) {
    EXPECT_THAT(Pending(page_size),
                ElementsAre("accounts/acme/users/ada PENDING",
                            "accounts/acme/users/cleo PENDING",
                            "accounts/acme/users/eve PENDING"));
  }
  EXPECT_EQ(Get("accounts/acme/enrollments/bob")->state(),
            v1::Enrollment::COMPLETED);
  EXPECT_EQ(Get("accounts/acme/enrollments/dan")->state(),
            v1::Enrollment::REVOKED);
}

TEST_F(EnrollmentServiceTest, R86_AnExpiredLinkIsShownAsExpired) {
  reconciliation_.Create("ada");
  reconciliation_.FinishRun("r1");
  RunAll();
  clock_.AdvanceTime(absl::Hours(30 * 24) - absl::Seconds(1));
  EXPECT_THAT(Pending(10), ElementsAre("accounts/acme/users/ada PENDING"));
  clock_.AdvanceTime(absl::Seconds(1));
  EXPECT_THAT(Pending(10), ElementsAre("accounts/acme/users/ada EXPIRED"));
}

TEST_F(EnrollmentServiceTest, R90_SomebodyWithoutALinkHasNoEnrollment) {
  EXPECT_THAT(Get("accounts/acme/enrollments/nobody"),
              StatusIs(absl::StatusCode::kNotFound, "ENROLLMENT_NOT_FOUND"));
  EXPECT_THAT(Get("accounts/acme/users/ada"),
              StatusIs(absl::StatusCode::kInvalidArgument, "NAME_INVALID"));
}

TEST_F(EnrollmentServiceTest, B8_TheLedgerShowsEveryMailWithItsOutcome) {
  reconciliation_.Create("ada");
  User user = FakeReconciliation::MakeUser("bob");
  user.set_email("bounce@example.com");
  reconciliation_.Create(user);
  reconciliation_.FinishRun("r1");
  ASSERT_OK(worker_.FollowFeedsOnce(kNoon));
  EXPECT_TRUE(Mails().releasing());
  EXPECT_EQ(Mails().last_released_run(), "");
  RunAll();

  const v1::ListMailsResponse response = Mails();
  EXPECT_FALSE(response.releasing());
  EXPECT_EQ(response.last_released_run(),
            "accounts/acme/directories/d1/runs/r1");
  EXPECT_THAT(response.state_counts(),
              UnorderedElementsAre(Pair("SENT", 1), Pair("FAILED", 1)));
  ASSERT_THAT(response.mails(), SizeIs(2));
  const v1::Mail& sent = response.mails(0);
  EXPECT_EQ(sent.name(), "accounts/acme/mails/ada.1.initial");
  EXPECT_EQ(sent.user(), "accounts/acme/users/ada");
  EXPECT_EQ(sent.kind(), v1::Mail::INITIAL);
  EXPECT_EQ(sent.state(), v1::Mail::SENT);
  EXPECT_EQ(sent.recipient(), "ada@example.com");
  EXPECT_EQ(sent.attempt_count(), 1);
  EXPECT_EQ(sent.server_reply(), "250 kept");
  EXPECT_FALSE(sent.has_next_attempt_time());
  EXPECT_TRUE(sent.has_end_time());
  const v1::Mail& failed = response.mails(1);
  EXPECT_EQ(failed.state(), v1::Mail::FAILED);
  EXPECT_EQ(failed.reason(), "REFUSED");
}

TEST_F(EnrollmentServiceTest, B4_TheMailsOfOneUserAreTold) {
  // The mails of a user whose name begins like another's are not his.
  for (const char* user : {"ada", "ada2", "bob"}) reconciliation_.Create(user);
  reconciliation_.FinishRun("r1");
  ASSERT_OK(worker_.FollowFeedsOnce(kNoon));
  ASSERT_OK(worker_.ReleaseOnce(kNoon));
  v1::ListMailsRequest request;
  request.set_parent("accounts/acme");
  request.set_user("accounts/acme/users/ada");
  ASSERT_OK_AND_ASSIGN(v1::ListMailsResponse response,
                       service_.ListMails(request));
  ASSERT_THAT(response.mails(), SizeIs(1));
  EXPECT_EQ(response.mails(0).user(), "accounts/acme/users/ada");
  EXPECT_TRUE(response.mails(0).has_next_attempt_time());  // What is due next.
  EXPECT_EQ(response.next_page_token(), "");

  // The second cycle, page by page.
  RunAll();
  clock_.AdvanceTime(absl::Hours(31 * 24));
  reconciliation_.FinishRun("r2");
  RunAll();
  std::vector<std::string> names;
  request.set_page_size(1);
  do {
    ASSERT_OK_AND_ASSIGN(response, service_.ListMails(request));
    for (const v1::Mail& mail : response.mails()) names.push_back(mail.name());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("accounts/acme/mails/ada.1.initial",
                                 "accounts/acme/mails/ada.2.initial"));

  request.clear_page_token();
  request.set_user("accounts/other/users/ada");
  EXPECT_THAT(service_.ListMails(request),
              StatusIs(absl::StatusCode::kInvalidArgument, "PARENT_MISMATCH"));
  request.set_user("accounts/acme/users/nobody");
  ASSERT_OK_AND_ASSIGN(response, service_.ListMails(request));
  EXPECT_THAT(response.mails(), ::testing::IsEmpty());
}

TEST_F(EnrollmentServiceTest, R100_SettingsShowSenderAndMessageIdDomain) {
  const v1::EnrollmentSettings settings = Settings();
  EXPECT_EQ(settings.name(), kSettings);
  EXPECT_EQ(settings.sender(), "it@rollcall.example");
  EXPECT_EQ(settings.message_id_domain(), "rollcall.example");
  EXPECT_THAT(settings.body(), ::testing::HasSubstr("{link}"));
  EXPECT_NE(settings.subject(), "");
}

TEST_F(EnrollmentServiceTest, R91_ABodyWithoutThePlaceholderIsRefused) {
  EXPECT_THAT(
      service_.UpdateSettings(Update("no placeholder")),
      StatusIs(absl::StatusCode::kInvalidArgument, "BODY_WITHOUT_LINK"));
  ASSERT_OK(service_.UpdateSettings(Update("here: {link}")));
  EXPECT_EQ(Settings().body(), "here: {link}");
}

TEST_F(EnrollmentServiceTest, R91_SettingsAreChangedByOneAtATime) {
  v1::UpdateEnrollmentSettingsRequest update = Update("one {link}");
  update.mutable_settings()->set_etag(Settings().etag());
  ASSERT_OK_AND_ASSIGN(const v1::EnrollmentSettings first,
                       service_.UpdateSettings(update));
  EXPECT_NE(first.etag(), update.settings().etag());
  EXPECT_THAT(service_.UpdateSettings(update),
              StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
  update.mutable_settings()->set_etag(first.etag());
  EXPECT_OK(service_.UpdateSettings(update));
}

TEST_F(EnrollmentServiceTest, R91_ATrialChecksEverythingAndChangesNothing) {
  v1::UpdateEnrollmentSettingsRequest update = Update("trial {link}");
  update.set_validate_only(true);
  ASSERT_OK_AND_ASSIGN(const v1::EnrollmentSettings shown,
                       service_.UpdateSettings(update));
  EXPECT_EQ(shown.body(), "trial {link}");
  EXPECT_NE(Settings().body(), "trial {link}");
  EXPECT_EQ(Settings().etag(), "\"0\"");
  update.mutable_settings()->set_body("nothing");
  EXPECT_THAT(
      service_.UpdateSettings(update),
      StatusIs(absl::StatusCode::kInvalidArgument, "BODY_WITHOUT_LINK"));
}

}  // namespace
}  // namespace rollcall::enrollment
