// Resource names as types: parse once at the door, then trust the type
// (AIP-122). Pure.
#ifndef ROLLCALL_COMMON_IDENTITY_RESOURCE_NAME_H_
#define ROLLCALL_COMMON_IDENTITY_RESOURCE_NAME_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Whether `id` may be an id that a client chooses: 1 to 63 of [a-z0-9-],
// beginning with a letter, not ending with a hyphen (AIP-133).
bool IsValidId(absl::string_view id);

// INVALID_ARGUMENT, reason ID_INVALID, with the field's name, unless IsValidId.
absl::Status ValidateId(absl::string_view id, absl::string_view field);

// `accounts/{account}`. An immutable value, ordered by its text.
class AccountName {
 public:
  // INVALID_ARGUMENT, reason NAME_INVALID, with what is expected.
  static absl::StatusOr<AccountName> Parse(absl::string_view name);
  // From an id that is known to be valid.
  explicit AccountName(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }
  std::string ToString() const { return absl::StrCat("accounts/", id_); }

  friend bool operator==(const AccountName& a, const AccountName& b) {
    return a.id_ == b.id_;
  }
  friend bool operator!=(const AccountName& a, const AccountName& b) {
    return a.id_ != b.id_;
  }
  friend bool operator<(const AccountName& a, const AccountName& b) {
    return a.id_ < b.id_;
  }

 private:
  std::string id_;
};

// A name one level below an account: `accounts/{account}/{collection}/{id}`.
// `Collection::kName` is the collection.
template <typename Collection>
class ChildName {
 public:
  static absl::StatusOr<ChildName> Parse(absl::string_view name);
  ChildName(AccountName account, std::string id)
      : account_(std::move(account)), id_(std::move(id)) {}

  const AccountName& account() const { return account_; }
  const std::string& id() const { return id_; }
  std::string ToString() const {
    return absl::StrCat(account_.ToString(), "/", Collection::kName, "/", id_);
  }

  friend bool operator==(const ChildName& a, const ChildName& b) {
    return a.account_ == b.account_ && a.id_ == b.id_;
  }
  friend bool operator!=(const ChildName& a, const ChildName& b) {
    return !(a == b);
  }
  friend bool operator<(const ChildName& a, const ChildName& b) {
    return a.account_ == b.account_ ? a.id_ < b.id_ : a.account_ < b.account_;
  }

 private:
  AccountName account_;
  std::string id_;
};

namespace internal {
// Splits `accounts/{account}/{collection}/{id}`; the id is any of
// [a-z0-9._-]{1,128}.
absl::StatusOr<std::pair<std::string, std::string>> ParseChildName(
    absl::string_view name, absl::string_view collection);
}  // namespace internal

template <typename Collection>
absl::StatusOr<ChildName<Collection>> ChildName<Collection>::Parse(
    absl::string_view name) {
  auto parts = internal::ParseChildName(name, Collection::kName);
  if (!parts.ok()) return parts.status();
  return ChildName(AccountName(std::move(parts->first)),
                   std::move(parts->second));
}

struct ConnectionsCollection {
  static constexpr char kName[] = "connections";
};
struct PendingAuthorizationsCollection {
  static constexpr char kName[] = "pendingAuthorizations";
};
struct DirectoriesCollection {
  static constexpr char kName[] = "directories";
};
struct UsersCollection {
  static constexpr char kName[] = "users";
};
struct GroupsCollection {
  static constexpr char kName[] = "groups";
};
struct EnrollmentsCollection {
  static constexpr char kName[] = "enrollments";
};
struct MailsCollection {
  static constexpr char kName[] = "mails";
};
struct TrashedUsersCollection {
  static constexpr char kName[] = "trashedUsers";
};

using ConnectionName = ChildName<ConnectionsCollection>;
using PendingAuthorizationName = ChildName<PendingAuthorizationsCollection>;
using DirectoryName = ChildName<DirectoriesCollection>;
using UserName = ChildName<UsersCollection>;
using GroupName = ChildName<GroupsCollection>;
using EnrollmentName = ChildName<EnrollmentsCollection>;
using MailName = ChildName<MailsCollection>;
using TrashedUserName = ChildName<TrashedUsersCollection>;

// `accounts/{account}/directories/{directory}/runs/{run}`.
class RunName {
 public:
  static absl::StatusOr<RunName> Parse(absl::string_view name);
  RunName(DirectoryName directory, std::string id)
      : directory_(std::move(directory)), id_(std::move(id)) {}

  const DirectoryName& directory() const { return directory_; }
  const AccountName& account() const { return directory_.account(); }
  const std::string& id() const { return id_; }
  std::string ToString() const {
    return absl::StrCat(directory_.ToString(), "/runs/", id_);
  }

  friend bool operator==(const RunName& a, const RunName& b) {
    return a.directory_ == b.directory_ && a.id_ == b.id_;
  }
  friend bool operator!=(const RunName& a, const RunName& b) {
    return !(a == b);
  }

 private:
  DirectoryName directory_;
  std::string id_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_IDENTITY_RESOURCE_NAME_H_
