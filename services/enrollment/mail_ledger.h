// The ledger of mails (B8): every mail, its state, and the indexes that follow
// from the state.
//
// The promise: a row and its indexes change together, and every change says
// what it expects to find.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_MAIL_LEDGER_H_
#define ROLLCALL_SERVICES_ENROLLMENT_MAIL_LEDGER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/enrollment/store.pb.h"

namespace rollcall::enrollment {

// A mail with its id.
struct LedgerMail {
  std::string id;
  store::Mail mail;
};

// Changes of mails that become one batch. One thread.
class MailChanges {
 public:
  // Each writer that may run beside others counts in a row of its own, so that
  // counting never makes two batches collide.
  MailChanges(const AccountName& account, std::string writer)
      : account_(account), writer_(std::move(writer)) {}

  // The mail becomes `after`, given that it still is `before`; none: it is new.
  // So nobody queues or sends a key twice (R94).
  void Replace(const std::string& id, const absl::optional<store::Mail>& before,
               const store::Mail& after, rollcall::store::Batch* batch);

  // Adds the changed counts; call it once, at the end.
  absl::Status Count(const rollcall::store::Reader& reader,
                     rollcall::store::Batch* batch) const;

 private:
  AccountName account_;
  std::string writer_;
  std::map<int, int64_t> deltas_;
};

// Thread-safe.
class MailLedger {
 public:
  // `store` must outlive the ledger.
  explicit MailLedger(rollcall::store::Store& store) : store_(store) {}

  absl::StatusOr<absl::optional<store::Mail>> Get(const AccountName& account,
                                                  absl::string_view id) const;

  // In the order of their ids, after `after`.
  absl::StatusOr<std::vector<LedgerMail>> List(const AccountName& account,
                                               absl::string_view after,
                                               int limit) const;
  absl::StatusOr<std::vector<LedgerMail>> ListOfUser(
      const UserName& user) const;

  // How many mails the account has in each state.
  absl::StatusOr<std::map<int, int64_t>> Counts(
      const AccountName& account) const;

  // The queued mails whose time has come, the earliest first.
  absl::StatusOr<std::vector<LedgerMail>> ListDue(const AccountName& account,
                                                  absl::Time now,
                                                  int limit) const;

  // The mails that are being sent: after a restart, those that were.
  struct Interrupted {
    LedgerMail mail;
    bool final_dot;  // Whether the final dot may have been sent.
  };
  absl::StatusOr<std::vector<Interrupted>> ListSending(
      const AccountName& account, int limit) const;

  // Durably notes that the final dot of this try may be sent from now on.
  absl::Status NoteFinalDot(const AccountName& account, const std::string& id,
                            int attempt);

 private:
  rollcall::store::Store& store_;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_MAIL_LEDGER_H_
