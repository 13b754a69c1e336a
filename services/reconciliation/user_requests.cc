#include "services/reconciliation/user_requests.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/identity/values.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "services/reconciliation/user_fields.h"

namespace rollcall::reconciliation {
namespace {

using Paths = absl::btree_set<std::string>;

constexpr int kMaxPhones = 100;
constexpr int kMaxGroups = 1000;

constexpr absl::string_view kUserFields[] = {
    "username", "display_name", "email", "groups", "phones", "note"};

absl::Status UnknownPath(absl::string_view path, absl::string_view what) {
  return InvalidArgument(
      "MASK_PATH_UNKNOWN",
      absl::StrCat("A ", what, " has no field `", path, "`."),
      {{"field", "update_mask"}, {"path", std::string(path)}});
}

// The paths of the mask; without one, those of the fields that are set; `*` is
// all of `all`.
template <typename Fields>
absl::StatusOr<Paths> PathsOf(const google::protobuf::Message& message,
                              const google::protobuf::FieldMask& mask,
                              const Fields& all, absl::string_view what) {
  Paths paths;
  if (mask.paths().empty()) {
    std::vector<const google::protobuf::FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    for (const auto* field : set) paths.insert(field->name());
    return paths;
  }
  for (const std::string& path : mask.paths()) {
    if (path == "*") {
      paths.insert(std::begin(all), std::end(all));
    } else if (message.GetDescriptor()->FindFieldByName(path) == nullptr) {
      return UnknownPath(path, what);
    } else {
      paths.insert(path);
    }
  }
  return paths;
}

absl::Status TooMany(const char* field, int limit) {
  return InvalidArgument(
      "TOO_MANY_VALUES",
      absl::StrCat("A user has at most ", limit, " ", field, "."),
      {{"field", absl::StrCat("user.", field)},
       {"limit", absl::StrCat(limit)}});
}

// In order, each once.
absl::StatusOr<std::vector<std::string>> ReadGroups(
    const v1::User& user, const AccountName& account) {
  if (user.groups_size() > kMaxGroups) return TooMany("groups", kMaxGroups);
  absl::btree_set<std::string> ids;
  for (const std::string& name : user.groups()) {
    ASSIGN_OR_RETURN(const GroupName group, GroupName::Parse(name));
    if (group.account() != account) {
      return InvalidArgument(
          "ACCOUNT_MISMATCH",
          absl::StrCat(name, " is not a group of ", account.ToString(), "."),
          {{"field", "user.groups"},
           {"group", name},
           {"account", account.ToString()}});
    }
    ids.insert(group.id());
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

// As they come, each once (R42).
absl::StatusOr<std::vector<std::string>> ReadPhones(const v1::User& user) {
  if (user.phones_size() > kMaxPhones) return TooMany("phones", kMaxPhones);
  std::vector<std::string> numbers;
  for (const v1::Phone& phone : user.phones()) {
    ASSIGN_OR_RETURN(std::string number, ParsePhoneNumber(phone.number()));
    if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) {
      numbers.push_back(std::move(number));
    }
  }
  return numbers;
}

absl::StatusOr<UserEdit> ReadEdit(const v1::User& user, const Paths& paths,
                                  const AccountName& account) {
  UserEdit edit;
  if (paths.contains("username")) {
    ASSIGN_OR_RETURN(const Username username, Username::Parse(user.username()));
    edit.username = username.value();
  }
  if (paths.contains("display_name")) {
    ASSIGN_OR_RETURN(edit.display_name, ParseDisplayName(user.display_name(),
                                                         "user.display_name"));
  }
  if (paths.contains("email")) {
    ASSIGN_OR_RETURN(edit.email, ParseEmail(user.email()));
  }
  if (paths.contains("groups")) {
    ASSIGN_OR_RETURN(edit.groups, ReadGroups(user, account));
  }
  if (paths.contains("phones")) {
    ASSIGN_OR_RETURN(edit.phones, ReadPhones(user));
  }
  if (paths.contains("note")) {
    ASSIGN_OR_RETURN(edit.note, ParseNote(user.note()));
  }
  return edit;
}

}  // namespace

absl::StatusOr<UserUpdate> ReadUpdate(const v1::User& user,
                                      const google::protobuf::FieldMask& mask,
                                      const AccountName& account) {
  ASSIGN_OR_RETURN(const Paths paths, PathsOf(user, mask, kUserFields, "user"));
  UserUpdate update;
  ASSIGN_OR_RETURN(update.edit, ReadEdit(user, paths, account));
  // Not editable here, but a request for another one must not be overheard.
  const bool is_of_all = absl::c_linear_search(mask.paths(), "*");
  if (is_of_all || paths.contains("state")) update.state = user.state();
  return update;
}

absl::StatusOr<UserEdit> ReadNewUser(const v1::User& user,
                                     const AccountName& account) {
  return ReadEdit(user, Paths(std::begin(kUserFields), std::end(kUserFields)),
                  account);
}

absl::StatusOr<absl::optional<std::string>> ReadGroupName(
    const v1::Group& group, const google::protobuf::FieldMask& mask) {
  constexpr absl::string_view kGroupFields[] = {"display_name"};
  ASSIGN_OR_RETURN(const Paths paths,
                   PathsOf(group, mask, kGroupFields, "group"));
  if (!paths.contains("display_name")) return absl::optional<std::string>();
  ASSIGN_OR_RETURN(std::string name, ParseGroupName(group.display_name()));
  return absl::make_optional(std::move(name));
}

}  // namespace rollcall::reconciliation
