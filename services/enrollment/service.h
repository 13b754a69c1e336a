// Enrollments and the mail ledger over gRPC: who is to enroll until when (R90),
// and what was mailed to whom (B4).
#ifndef ROLLCALL_SERVICES_ENROLLMENT_SERVICE_H_
#define ROLLCALL_SERVICES_ENROLLMENT_SERVICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/identity/values.h"
#include "common/rpc/edge.h"
#include "common/time/clock.h"
#include "rollcall/enrollment/v1/enrollment.grpc.pb.h"
#include "services/enrollment/store.h"

namespace rollcall::enrollment {

// What is fixed for the installation and shown in every account's settings
// (R100).
struct MailIdentity {
  EmailAddress sender;
  std::string message_id_domain;
};

// Thread-safe.
class EnrollmentServiceImpl : public v1::EnrollmentService::Service {
 public:
  // `store` and `clock` must outlive it.
  EnrollmentServiceImpl(EnrollmentStore& store, Clock& clock,
                        MailIdentity identity, rpc::Edge edge);

  absl::StatusOr<v1::ListPendingEnrollmentsResponse> ListPending(
      const v1::ListPendingEnrollmentsRequest& request) const;
  absl::StatusOr<v1::Enrollment> Get(
      const v1::GetEnrollmentRequest& request) const;
  absl::StatusOr<v1::ListMailsResponse> ListMails(
      const v1::ListMailsRequest& request) const;
  absl::StatusOr<v1::EnrollmentSettings> GetSettings(
      const v1::GetEnrollmentSettingsRequest& request) const;
  absl::StatusOr<v1::EnrollmentSettings> UpdateSettings(
      const v1::UpdateEnrollmentSettingsRequest& request);
  absl::StatusOr<v1::ResyncFeedResponse> Resync(
      const v1::ResyncFeedRequest& request);

  grpc::Status ListPendingEnrollments(
      grpc::ServerContext* context,
      const v1::ListPendingEnrollmentsRequest* request,
      v1::ListPendingEnrollmentsResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return ListPending(*request);
    });
  }
  grpc::Status GetEnrollment(grpc::ServerContext* context,
                             const v1::GetEnrollmentRequest* request,
                             v1::Enrollment* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return Get(*request); });
  }
  grpc::Status ListMails(grpc::ServerContext* context,
                         const v1::ListMailsRequest* request,
                         v1::ListMailsResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return ListMails(*request); });
  }
  grpc::Status GetEnrollmentSettings(
      grpc::ServerContext* context,
      const v1::GetEnrollmentSettingsRequest* request,
      v1::EnrollmentSettings* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return GetSettings(*request);
    });
  }
  grpc::Status UpdateEnrollmentSettings(
      grpc::ServerContext* context,
      const v1::UpdateEnrollmentSettingsRequest* request,
      v1::EnrollmentSettings* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return UpdateSettings(*request);
    });
  }
  grpc::Status ResyncFeed(grpc::ServerContext* context,
                          const v1::ResyncFeedRequest* request,
                          v1::ResyncFeedResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return Resync(*request); });
  }

 private:
  absl::StatusOr<absl::optional<v1::Enrollment>> Load(
      const UserName& user) const;
  v1::EnrollmentSettings ToMessage(const AccountName& account,
                                   const store::Settings& settings) const;

  EnrollmentStore& store_;
  Clock& clock_;
  const MailIdentity identity_;
  const rpc::Edge edge_;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_SERVICE_H_
