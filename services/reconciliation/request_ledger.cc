#include "services/reconciliation/request_ledger.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"

namespace rollcall::reconciliation {
namespace {

// Requests about no directory share the tables with those about one.
constexpr char kNoDirectory[] = "";
constexpr absl::Duration kRetention = absl::Hours(24);
// Forgotten with one new request: more than it adds, so that the tables stay as
// small as a day's requests.
constexpr int kForgottenPerRequest = 20;

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_hyphen ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<RequestIdentity> RequestIdentity::Of(
    absl::string_view id, const google::protobuf::Message& request) {
  if (id.empty()) return RequestIdentity();
  if (!IsUuid(id)) {
    return InvalidArgument("REQUEST_ID_INVALID",
                           "The request id must be a UUID, or empty.",
                           {{"field", "request_id"}});
  }
  return RequestIdentity{
      .id = absl::AsciiStrToLower(id),
      .digest = Sha256(absl::StrCat(request.GetTypeName(), " ",
                                    rollcall::store::Serialize(request)))};
}

absl::StatusOr<absl::optional<std::string>> FindReply(
    const RequestIdentity& request, const Transaction& transaction) {
  if (request.id.empty()) return absl::optional<std::string>();
  ASSIGN_OR_RETURN(absl::optional<store::RequestRow> row,
                   rollcall::store::GetMessage<store::RequestRow>(
                       transaction.reader(), transaction.account(),
                       keys::Request(kNoDirectory, request.id)));
  if (!row.has_value()) return absl::optional<std::string>();
  if (row->request_digest() == request.digest) {
    return absl::make_optional(std::move(*row->mutable_reply()));
  }
  return InvalidArgument(
      "REQUEST_ID_REUSED",
      absl::StrCat("Another request had the id ", request.id, "."),
      {{"field", "request_id"}, {"request_id", request.id}});
}

absl::Status RememberReply(const RequestIdentity& request, std::string reply,
                           absl::Time now, Transaction& transaction) {
  if (request.id.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(
      ForgetRequests(now, kForgottenPerRequest, transaction).status());
  store::RequestRow row;
  row.set_request_digest(request.digest);
  row.set_reply(std::move(reply));
  transaction.Put(keys::Request(kNoDirectory, request.id), row);
  transaction.Put(keys::RequestByTime(now, kNoDirectory, request.id),
                  store::IdRow());
  return absl::OkStatus();
}

absl::StatusOr<int> ForgetRequests(absl::Time now, int limit,
                                   Transaction& transaction) {
  auto cursor = transaction.reader().Scan(
      transaction.account(),
      {keys::Table("requests_by_time"), rollcall::store::Key("requests_by_time")
                                            .Time(now - kRetention)
                                            .Build()});
  int forgotten = 0;
  while (forgotten < limit) {
    ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    if (!entry.has_value()) break;
    absl::Time time;
    std::string directory, request_id;
    RETURN_IF_ERROR(rollcall::store::KeyReader(entry->key)
                        .Table("requests_by_time")
                        .Time(&time)
                        .String(&directory)
                        .String(&request_id)
                        .Finish());
    transaction.Delete(keys::Request(directory, request_id));
    transaction.Delete(std::move(entry->key));
    ++forgotten;
  }
  return forgotten;
}

}  // namespace rollcall::reconciliation
