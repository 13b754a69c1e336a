#include "services/reconciliation/user_writer.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/user_edit_call.h"
#include "services/reconciliation/user_errors.h"
#include "services/reconciliation/user_fields.h"
#include "services/reconciliation/user_requests.h"
#include "services/reconciliation/user_view.h"

namespace rollcall::reconciliation {
namespace {

// A drawn id has 80 random bits; a second one in a row that is taken is no
// chance.
constexpr int kIdTries = 3;

absl::Status CheckUsernameFree(const std::string& username,
                               const Transaction& transaction) {
  ASSIGN_OR_RETURN(absl::optional<UserRecord> other,
                   transaction.identities().FindUserByUsername(username));
  return other.has_value() ? UsernameTaken(username) : absl::OkStatus();
}

// Of the groups that are in only one of the two lists: those that are managed.
// A group that is to be joined must exist.
absl::StatusOr<std::vector<Group>> ManagedAmongChanged(
    const std::vector<std::string>& before,
    const std::vector<std::string>& after, const AccountName& account,
    const Transaction& transaction) {
  std::vector<std::string> changed;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(),
                                after.end(), std::back_inserter(changed));
  std::vector<Group> managed;
  for (const std::string& id : changed) {
    ASSIGN_OR_RETURN(absl::optional<GroupRecord> record,
                     transaction.identities().FindGroup(id));
    if (!record.has_value()) {
      return GroupNotFound(GroupName(account, id).ToString());
    }
    if (!record->group.directory.empty()) {
      managed.push_back(std::move(record->group));
    }
  }
  return managed;
}

absl::StatusOr<UserStatus> ReadStatus(v1::User::State state) {
  switch (state) {
    case v1::User::ACTIVE:
      return UserStatus::kActive;
    case v1::User::BYPASS:
      return UserStatus::kBypass;
    case v1::User::DISABLED:
      return UserStatus::kDisabled;
    default:
      return InvalidArgument("STATE_INVALID",
                             "The state must be ACTIVE, BYPASS or DISABLED.",
                             {{"field", "state"}});
  }
}

// A state that comes with other fields is no way to set it; it fails with the
// reason that SetUserState would give, if it has one (R49, R51, R65).
absl::Status CheckClaimedState(const v1::User::State claimed, const User& user,
                               const UserName& name, absl::Time now) {
  const v1::User::State state = ToMessage(user, name.account().id()).state();
  if (claimed == state || claimed == v1::User::STATE_UNSPECIFIED) {
    return absl::OkStatus();
  }
  const absl::StatusOr<UserStatus> wanted = ReadStatus(claimed);
  if (wanted.ok()) {
    RETURN_IF_ERROR(RefusalOf(DecideStatus(user, *wanted, now), name));
  }
  return InvalidArgument("STATE_NOT_EDITABLE",
                         "An update does not change the state of a user: call "
                         "SetUserState.",
                         {{"field", "user.state"}});
}

}  // namespace

absl::StatusOr<std::string> UserWriter::MakeUnusedId(
    const Transaction& transaction) {
  for (int tries = 0; tries < kIdTries; ++tries) {
    std::string id = options_.make_id();
    ASSIGN_OR_RETURN(absl::optional<UserRecord> user,
                     transaction.identities().FindUser(id));
    if (!user.has_value()) return id;
  }
  return Internal("ID_TAKEN", "The drawn ids of users repeat.");
}

absl::StatusOr<v1::User> UserWriter::Create(
    const v1::CreateUserRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const UserEdit edit, ReadNewUser(request.user(), account));
  if (request.user().state() != v1::User::STATE_UNSPECIFIED &&
      request.user().state() != v1::User::ACTIVE) {
    return InvalidArgument(
        "STATE_NOT_EDITABLE",
        "A new user is active: call SetUserState when there is one.",
        {{"field", "user.state"}});
  }
  WriteCall call{.account = account.id(),
                 .actor = actor,
                 .now = options_.clock.TimeNow(),
                 .validate_only = request.validate_only()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return CarryOut<v1::User>(
      call, options_.store,
      [&](Transaction& transaction) -> absl::StatusOr<v1::User> {
        RETURN_IF_ERROR(CheckUsernameFree(*edit.username, transaction));
        User blank;
        ASSIGN_OR_RETURN(blank.id, MakeUnusedId(transaction));
        blank.create_time = call.now;
        blank.update_time = call.now;
        EditFacts facts;
        ASSIGN_OR_RETURN(
            facts.managed_groups,
            ManagedAmongChanged({}, *edit.groups, account, transaction));
        const EditVerdict verdict = DecideEdit(blank, edit, facts, call.now);
        RETURN_IF_ERROR(RefusalOf(verdict, UserName(account, blank.id)));
        RETURN_IF_ERROR(
            transaction.PutUser(nullptr, verdict.after, store::UserMarkRow()));
        AppendUserEvent(verdict.after, v1::UserChange::CREATED, call, "",
                        transaction);
        return ShowUser(verdict.after, call.account, transaction.identities());
      });
}

absl::StatusOr<UserWriter::PhoneImports> UserWriter::AskPhoneImports(
    const UserName& name) {
  PhoneImports imports;
  ASSIGN_OR_RETURN(
      absl::optional<UserRecord> record,
      options_.store.Identities(name.account().id()).FindUser(name.id()));
  if (!record.has_value()) return imports;
  for (const Claim& claim : record->user.claims) {
    imports.asked.insert(claim.directory);
    absl::StatusOr<directory::v1::Directory> directory =
        options_.directory.GetDirectory(
            DirectoryName(name.account(), claim.directory));
    if (absl::IsNotFound(directory.status())) continue;  // Imports no more.
    RETURN_IF_ERROR(directory.status());
    if (directory->phone_import_enabled()) {
      imports.importing.insert(claim.directory);
    }
  }
  return imports;
}

absl::StatusOr<v1::User> UserWriter::Update(
    const v1::UpdateUserRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.user().name()));
  ASSIGN_OR_RETURN(
      const UserUpdate update,
      ReadUpdate(request.user(), request.update_mask(), name.account()));
  WriteCall call{.account = name.account().id(),
                 .actor = actor,
                 .now = options_.clock.TimeNow(),
                 .validate_only = request.validate_only()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  PhoneImports imports;
  if (update.edit.phones.has_value()) {
    ASSIGN_OR_RETURN(imports, AskPhoneImports(name));
  }
  return EditUser(
      options_.store, name, call, request.user().etag(),
      [&](const User& user,
          const Transaction& transaction) -> absl::StatusOr<EditVerdict> {
        if (update.state.has_value()) {
          RETURN_IF_ERROR(
              CheckClaimedState(*update.state, user, name, call.now));
        }
        EditFacts facts;
        facts.phone_importers = imports.importing;
        if (update.edit.phones.has_value()) {
          // A directory that has claimed the user since is taken to own them.
          for (const Claim& claim : user.claims) {
            if (!imports.asked.contains(claim.directory)) {
              facts.phone_importers.insert(claim.directory);
            }
          }
        }
        if (update.edit.groups.has_value()) {
          ASSIGN_OR_RETURN(facts.managed_groups,
                           ManagedAmongChanged(user.groups, *update.edit.groups,
                                               name.account(), transaction));
        }
        EditVerdict verdict = DecideEdit(user, update.edit, facts, call.now);
        if (verdict.refusal == Refusal::kNone &&
            verdict.after.username != user.username) {
          RETURN_IF_ERROR(
              CheckUsernameFree(verdict.after.username, transaction));
        }
        return verdict;
      });
}

absl::StatusOr<google::protobuf::Empty> UserWriter::Delete(
    const v1::DeleteUserRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.name()));
  WriteCall call{.account = name.account().id(),
                 .actor = actor,
                 .now = options_.clock.TimeNow()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return CarryOut<google::protobuf::Empty>(
      call, options_.store,
      [&](Transaction& transaction) -> absl::StatusOr<google::protobuf::Empty> {
        ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                         transaction.identities().FindUser(name.id()));
        if (!record.has_value()) return UserNotFound(request.name());
        const User& user = record->user;
        RETURN_IF_ERROR(
            CheckEtag(request.etag(), EtagOf(user), request.name()));
        const EditVerdict verdict = DecideDelete(user);
        RETURN_IF_ERROR(RefusalOf(verdict, name));
        RETURN_IF_ERROR(transaction.DeleteUser(user));
        v1::ChangeEvent event = MakeEvent(call, verdict.rule);
        event.mutable_user_purge()->set_name(request.name());
        transaction.AppendEvent(std::move(event));
        return google::protobuf::Empty();
      });
}

absl::StatusOr<v1::User> UserWriter::SetState(
    const v1::SetUserStateRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.name()));
  ASSIGN_OR_RETURN(const UserStatus status, ReadStatus(request.state()));
  WriteCall call{.account = name.account().id(),
                 .actor = actor,
                 .now = options_.clock.TimeNow()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return EditUser(options_.store, name, call, request.etag(),
                  [&](const User& user, const Transaction&) {
                    return DecideStatus(user, status, call.now);
                  });
}

absl::StatusOr<v1::User> UserWriter::AddDevice(
    const v1::AddDeviceRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.parent()));
  RETURN_IF_ERROR(ValidateId(request.device().device_id(), "device.device_id"));
  Device device{.id = request.device().device_id()};
  ASSIGN_OR_RETURN(
      device.display_name,
      ParseDisplayName(request.device().display_name(), "device.display_name"));
  const WriteCall call{.account = name.account().id(),
                       .actor = actor,
                       .now = options_.clock.TimeNow()};
  return EditUser(options_.store, name, call, "",
                  [&](const User& user, const Transaction&) {
                    return DecideAddDevice(user, device, call.now);
                  });
}

absl::StatusOr<v1::User> UserWriter::RemoveDevice(
    const v1::RemoveDeviceRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.parent()));
  WriteCall call{.account = name.account().id(),
                 .actor = actor,
                 .now = options_.clock.TimeNow()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return EditUser(
      options_.store, name, call, "",
      [&](const User& user, const Transaction&) -> absl::StatusOr<EditVerdict> {
        EditVerdict verdict =
            DecideRemoveDevice(user, request.device_id(), call.now);
        if (verdict.refusal == Refusal::kNone && verdict.after == user) {
          return NotFound(
              "DEVICE_NOT_FOUND",
              absl::StrCat(request.parent(), " has no device ",
                           request.device_id(), "."),
              {{"user", request.parent()}, {"device", request.device_id()}});
        }
        return verdict;
      });
}

}  // namespace rollcall::reconciliation
