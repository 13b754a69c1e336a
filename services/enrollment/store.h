// The enrollment service's own store: people as the feed tells of them, their
// cycles and links, mails, releases, settings.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_STORE_H_
#define ROLLCALL_SERVICES_ENROLLMENT_STORE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/enrollment/mail_ledger.h"
#include "services/enrollment/store.pb.h"

namespace rollcall::enrollment {

// The format of keys and values (RocksDbOptions::format_version).
inline constexpr int kStoreFormat = 1;

// Thread-safe. What two threads could change at once is changed under the
// condition that it is still as it was read: a batch that collides is ABORTED,
// and whoever made it reads again.
class EnrollmentStore {
 public:
  // `store` must outlive this.
  explicit EnrollmentStore(rollcall::store::Store& store)
      : store_(store), mails_(store) {}

  rollcall::store::Store& base() { return store_; }
  MailLedger& mails() { return mails_; }

  // Every account that there is anything of.
  absl::StatusOr<std::vector<AccountName>> ListAccounts() const;

  absl::StatusOr<absl::optional<store::Person>> GetPerson(
      const UserName& user) const;
  absl::StatusOr<absl::optional<store::Enrollment>> GetEnrollment(
      const UserName& user) const;
  absl::StatusOr<absl::optional<store::Directory>> GetDirectory(
      const AccountName& account, absl::string_view directory) const;
  absl::StatusOr<absl::optional<store::Link>> GetLink(
      const AccountName& account, absl::string_view hash) const;

  // The users whose enrollment is pending or expired (R90), in order, after
  // `after`.
  absl::StatusOr<std::vector<std::string>> ListPending(
      const AccountName& account, absl::string_view after, int limit) const;

  // People in the order of their ids, after `after`.
  struct PersonRow {
    std::string user;
    store::Person person;
  };
  absl::StatusOr<std::vector<PersonRow>> ListPeople(const AccountName& account,
                                                    absl::string_view after,
                                                    int limit) const;

  // The run that ended first among those whose mails are to be decided upon.
  struct ReleaseRow {
    std::string key;
    store::Release release;
  };
  absl::StatusOr<absl::optional<ReleaseRow>> NextRelease(
      const AccountName& account) const;
  // The run whose mails were decided upon last; empty if there was none.
  absl::StatusOr<std::string> LastReleasedRun(const AccountName& account) const;

  absl::StatusOr<store::Settings> GetSettings(const AccountName& account) const;
  // ABORTED if the settings are no longer `before`.
  absl::Status ReplaceSettings(const AccountName& account,
                               const store::Settings& before,
                               const store::Settings& after);

 private:
  rollcall::store::Store& store_;
  MailLedger mails_;
};

// Each adds to `batch` that a row becomes `after` (none: it is gone), given
// that it still is `before` (none: it is not there). Indexes follow.
void ReplacePerson(const std::string& user,
                   const absl::optional<store::Person>& before,
                   const absl::optional<store::Person>& after,
                   rollcall::store::Batch* batch);
void ReplaceEnrollment(const std::string& user,
                       const absl::optional<store::Enrollment>& before,
                       const absl::optional<store::Enrollment>& after,
                       rollcall::store::Batch* batch);

// Only the condition.
void ExpectPerson(const std::string& user,
                  const absl::optional<store::Person>& expected,
                  rollcall::store::Batch* batch);
void ExpectEnrollment(const std::string& user,
                      const absl::optional<store::Enrollment>& expected,
                      rollcall::store::Batch* batch);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_STORE_H_
