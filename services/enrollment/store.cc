#include "services/enrollment/store.h"

#include <utility>

#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/enrollment/keys.h"

namespace rollcall::enrollment {

using rollcall::store::Batch;
using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;
using rollcall::store::Serialize;
using store::Directory;
using store::Enrollment;
using store::Link;
using store::Person;
using store::Release;
using store::ReleaseState;
using store::Settings;

namespace {

constexpr int kAccountsPerRead = 1000;

template <typename Message>
void Expect(std::string key, const absl::optional<Message>& expected,
            Batch* batch) {
  if (expected.has_value()) {
    batch->ExpectValue(std::move(key), Serialize(*expected));
  } else {
    batch->ExpectAbsent(std::move(key));
  }
}

template <typename Message>
void Write(std::string key, const absl::optional<Message>& value,
           Batch* batch) {
  if (value.has_value()) {
    batch->Put(std::move(key), Serialize(*value));
  } else {
    batch->Delete(std::move(key));
  }
}

// The rows of a table whose keys come after the one that ends in `after`.
KeyRange After(absl::string_view table, absl::string_view after) {
  const std::string prefix = Key(table).Build();
  if (after.empty()) return KeyRange::Prefix(prefix);
  return KeyRange::PrefixAfter(prefix, Key(table).String(after).Build());
}

bool IsPending(const absl::optional<Enrollment>& enrollment) {
  return enrollment.has_value() &&
         enrollment->end() == Enrollment::END_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<std::vector<AccountName>> EnrollmentStore::ListAccounts() const {
  std::vector<AccountName> accounts;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> partitions,
                     store_.ListPartitions(after, kAccountsPerRead));
    if (partitions.empty()) return accounts;
    for (const std::string& partition : partitions) {
      accounts.emplace_back(partition);
    }
    after = partitions.back();
  }
}

absl::StatusOr<absl::optional<Person>> EnrollmentStore::GetPerson(
    const UserName& user) const {
  return GetMessage<Person>(store_, user.account().id(), PersonKey(user.id()));
}

absl::StatusOr<absl::optional<Enrollment>> EnrollmentStore::GetEnrollment(
    const UserName& user) const {
  return GetMessage<Enrollment>(store_, user.account().id(),
                                EnrollmentKey(user.id()));
}

absl::StatusOr<absl::optional<Directory>> EnrollmentStore::GetDirectory(
    const AccountName& account, absl::string_view directory) const {
  return GetMessage<Directory>(store_, account.id(), DirectoryKey(directory));
}

absl::StatusOr<absl::optional<Link>> EnrollmentStore::GetLink(
    const AccountName& account, absl::string_view hash) const {
  return GetMessage<Link>(store_, account.id(), LinkKey(hash));
}

absl::StatusOr<std::vector<std::string>> EnrollmentStore::ListPending(
    const AccountName& account, absl::string_view after, int limit) const {
  std::vector<std::string> users;
  const auto cursor = store_.Scan(account.id(), After("pending", after));
  while (static_cast<int>(users.size()) < limit) {
    ASSIGN_OR_RETURN(auto entry, cursor->Next());
    if (!entry.has_value()) break;
    std::string user;
    RETURN_IF_ERROR(
        KeyReader(entry->key).Table("pending").String(&user).Finish());
    users.push_back(std::move(user));
  }
  return users;
}

absl::StatusOr<std::vector<EnrollmentStore::PersonRow>>
EnrollmentStore::ListPeople(const AccountName& account, absl::string_view after,
                            int limit) const {
  std::vector<PersonRow> people;
  MessageCursor<Person> cursor(store_, account.id(), After("people", after));
  while (static_cast<int>(people.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    std::string user;
    RETURN_IF_ERROR(KeyReader(row->key).Table("people").String(&user).Finish());
    people.push_back({std::move(user), std::move(row->message)});
  }
  return people;
}

absl::StatusOr<absl::optional<EnrollmentStore::ReleaseRow>>
EnrollmentStore::NextRelease(const AccountName& account) const {
  MessageCursor<Release> cursor(store_, account.id(),
                                KeyRange::Prefix(Key("releases").Build()));
  ASSIGN_OR_RETURN(auto row, cursor.Next());
  if (!row.has_value()) return absl::optional<ReleaseRow>();
  return absl::optional<ReleaseRow>(
      ReleaseRow{std::move(row->key), std::move(row->message)});
}

absl::StatusOr<std::string> EnrollmentStore::LastReleasedRun(
    const AccountName& account) const {
  ASSIGN_OR_RETURN(
      absl::optional<ReleaseState> state,
      GetMessage<ReleaseState>(store_, account.id(), ReleaseStateKey()));
  return state.has_value() ? state->last_released_run() : std::string();
}

absl::StatusOr<Settings> EnrollmentStore::GetSettings(
    const AccountName& account) const {
  ASSIGN_OR_RETURN(absl::optional<Settings> settings,
                   GetMessage<Settings>(store_, account.id(), SettingsKey()));
  return settings.value_or(Settings());
}

absl::Status EnrollmentStore::ReplaceSettings(const AccountName& account,
                                              const Settings& before,
                                              const Settings& after) {
  Batch batch(account.id());
  Expect(SettingsKey(),
         before.version() == 0 ? absl::optional<Settings>()
                               : absl::optional<Settings>(before),
         &batch);
  batch.Put(SettingsKey(), Serialize(after));
  return store_.Commit(batch);
}

void ExpectPerson(const std::string& user,
                  const absl::optional<Person>& expected, Batch* batch) {
  Expect(PersonKey(user), expected, batch);
}

void ExpectEnrollment(const std::string& user,
                      const absl::optional<Enrollment>& expected,
                      Batch* batch) {
  Expect(EnrollmentKey(user), expected, batch);
}

void ReplacePerson(const std::string& user,
                   const absl::optional<Person>& before,
                   const absl::optional<Person>& after, Batch* batch) {
  ExpectPerson(user, before, batch);
  Write(PersonKey(user), after, batch);
}

void ReplaceEnrollment(const std::string& user,
                       const absl::optional<Enrollment>& before,
                       const absl::optional<Enrollment>& after, Batch* batch) {
  ExpectEnrollment(user, before, batch);
  Write(EnrollmentKey(user), after, batch);
  if (IsPending(after) && !IsPending(before)) {
    batch->Put(PendingKey(user), "");
  } else if (IsPending(before) && !IsPending(after)) {
    batch->Delete(PendingKey(user));
  }
  // The hash of an earlier cycle stays: it leads to a cycle that is over, so
  // that the page can say so, and holds nothing personal.
  if (before.has_value() && !after.has_value()) {
    batch->Delete(LinkKey(before->link_hash()));
  }
  if (after.has_value()) {
    Link link;
    link.set_user(user);
    link.set_cycle(after->cycle());
    batch->Put(LinkKey(after->link_hash()), Serialize(link));
  }
}

}  // namespace rollcall::enrollment
