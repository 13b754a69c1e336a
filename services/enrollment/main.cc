// The enrollment service: links by mail, and the ledger of every mail.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/crypto/sealer.h"
#include "common/identity/values.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/edge.h"
#include "common/rpc/process.h"
#include "common/rpc/process_store.h"
#include "common/time/clock.h"
#include "common/time/periodic_worker.h"
#include "services/enrollment/reconciliation_client.h"
#include "services/enrollment/service.h"
#include "services/enrollment/smtp_client.h"
#include "services/enrollment/store.h"
#include "services/enrollment/worker.h"

ABSL_FLAG(std::string, reconciliation, "127.0.0.1:7003",
          "The reconciliation service, host:port.");
ABSL_FLAG(std::string, smtp, "127.0.0.1:25", "The mail server, host:port.");
ABSL_FLAG(bool, smtp_plaintext, false,
          "Speak to the mail server without STARTTLS; on loopback only.");
ABSL_FLAG(std::string, smtp_ca_file, "",
          "The authorities of the mail server's certificate, PEM; empty: the "
          "system's.");
ABSL_FLAG(absl::Duration, smtp_reply_timeout, absl::Minutes(10),
          "How long to wait for the reply to a mail's final dot. A shorter "
          "wait leaves more mails in doubt.");
ABSL_FLAG(int, smtp_connections, 8, "How many mails are sent at once.");
ABSL_FLAG(std::string, sender, "enrollment@rollcall.invalid",
          "The address that mails come from; to be allow-listed.");
ABSL_FLAG(std::string, message_id_domain, "rollcall.invalid",
          "The domain of every Message-ID, and how we greet the mail server.");
ABSL_FLAG(std::string, link_base, "https://127.0.0.1:8443/enroll",
          "The address of the enrollment page; a link is this, # and a token.");
ABSL_FLAG(std::string, key_file, "",
          "The key file (common/crypto/sealer.h) that links are derived from.");

namespace {

using rollcall::Clock;
using rollcall::EmailAddress;
using rollcall::PeriodicWorker;
using rollcall::Sealer;
namespace enrollment = rollcall::enrollment;
namespace rpc = rollcall::rpc;

constexpr char kEnrollmentService[] =
    "rollcall.enrollment.v1.EnrollmentService";
constexpr char kReconciliationService[] =
    "rollcall.reconciliation.v1.ReconciliationService";
constexpr char kUserService[] = "rollcall.reconciliation.v1.UserService";

rpc::ChannelOptions ToReconciliation(const rpc::ProcessOptions& options,
                                     const char* service_name) {
  return {.target = absl::GetFlag(FLAGS_reconciliation),
          .tls = options.tls,
          .trust_domain = options.trust_domain,
          .expected_service = "reconciliation",
          .service_name = service_name};
}

enrollment::SmtpOptions ToMailServer() {
  return {.server = absl::GetFlag(FLAGS_smtp),
          .greeting = absl::GetFlag(FLAGS_message_id_domain),
          .plaintext = absl::GetFlag(FLAGS_smtp_plaintext),
          .ca_file = absl::GetFlag(FLAGS_smtp_ca_file),
          .final_reply_timeout = absl::GetFlag(FLAGS_smtp_reply_timeout)};
}

// A second between the end of one unit and the next: how soon a change shows,
// and a mail goes out.
std::unique_ptr<PeriodicWorker> EverySecond(const char* name,
                                            PeriodicWorker::Unit unit) {
  return std::make_unique<PeriodicWorker>(
      rollcall::PeriodicWorkerOptions{.name = name, .period = absl::Seconds(1)},
      Clock::GetRealClock(), std::move(unit));
}

}  // namespace

int main(int argc, char** argv) {
  const rpc::ProcessOptions options =
      rpc::InitializeProcess(argc, argv, "enrollment");
  const std::string domain = absl::GetFlag(FLAGS_message_id_domain);

  auto sender = EmailAddress::Parse(absl::GetFlag(FLAGS_sender));
  if (!sender.ok()) return rpc::FailToStart(sender.status());
  auto sealer = Sealer::FromFile(absl::GetFlag(FLAGS_key_file));
  if (!sealer.ok()) return rpc::FailToStart(sealer.status());
  auto smtp = enrollment::SmtpClient::Create(ToMailServer());
  if (!smtp.ok()) return rpc::FailToStart(smtp.status());
  auto rows = rpc::OpenStore(options, Clock::GetRealClock(), "enrollment",
                             enrollment::kStoreFormat);
  if (!rows.ok()) return rpc::FailToStart(rows.status());
  auto changes =
      rpc::OpenChannel(ToReconciliation(options, kReconciliationService));
  if (!changes.ok()) return rpc::FailToStart(changes.status());
  auto users = rpc::OpenChannel(ToReconciliation(options, kUserService));
  if (!users.ok()) return rpc::FailToStart(users.status());
  auto policy = rpc::AccessPolicy::ForServices({kEnrollmentService});
  if (!policy.ok()) return rpc::FailToStart(policy.status());

  enrollment::EnrollmentStore ledger(**rows);
  enrollment::GrpcReconciliationClient reconciliation(*changes, *users);
  enrollment::EnrollmentWorker worker(
      ledger, reconciliation, **smtp, *sealer,
      {.sender = *sender,
       .message_id_domain = domain,
       .link_base = absl::GetFlag(FLAGS_link_base),
       .connections = absl::GetFlag(FLAGS_smtp_connections)});
  enrollment::EnrollmentServiceImpl service(
      ledger, Clock::GetRealClock(),
      {.sender = *sender, .message_id_domain = domain},
      rpc::Edge(*policy, options.trust_domain, "enrollment.rollcall"));

  auto follow = EverySecond("enrollment-follow", [&](absl::Time now) {
    return worker.FollowFeedsOnce(now);
  });
  auto release = EverySecond("enrollment-release", [&](absl::Time now) {
    return worker.ReleaseOnce(now);
  });
  auto send = EverySecond("enrollment-send", [&](absl::Time now) {
    return worker.SendDueOnce(now);
  });
  return rpc::Serve(options, Clock::GetRealClock(), *policy, {&service}, [&] {
    worker.StopSending();
    send.reset();
    release.reset();
    follow.reset();
  });
}
