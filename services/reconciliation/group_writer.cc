#include "services/reconciliation/group_writer.h"

#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/group_edit.h"
#include "services/reconciliation/user_edit_call.h"
#include "services/reconciliation/user_errors.h"
#include "services/reconciliation/user_fields.h"
#include "services/reconciliation/user_requests.h"
#include "services/reconciliation/user_view.h"

namespace rollcall::reconciliation {
namespace {

using google::protobuf::Empty;

// Members that leave a group, which is to be deleted, in one batch: few enough
// for other writers not to wait long.
constexpr int kMembersPerBatch = 200;

void AppendGroupEvent(const Group& group, const WriteCall& call,
                      const std::string& rule, Transaction& transaction) {
  v1::ChangeEvent event = MakeEvent(call, rule);
  *event.mutable_group_change() = ToMessage(group, call.account);
  transaction.AppendEvent(std::move(event));
}

absl::Status CheckNameFree(const std::string& display_name,
                           const std::string& own_id,
                           const Transaction& transaction) {
  ASSIGN_OR_RETURN(absl::optional<GroupRecord> other,
                   transaction.identities().FindGroupByName(display_name));
  if (!other.has_value() || other->group.id == own_id) return absl::OkStatus();
  return GroupNameTaken(display_name);
}

absl::StatusOr<GroupStatus> ReadStatus(v1::Group::State state) {
  switch (state) {
    case v1::Group::ACTIVE:
      return GroupStatus::kActive;
    case v1::Group::BYPASS:
      return GroupStatus::kBypass;
    case v1::Group::DISABLED:
      return GroupStatus::kDisabled;
    default:
      return InvalidArgument("STATE_INVALID",
                             "The state must be ACTIVE, BYPASS or DISABLED.",
                             {{"field", "state"}});
  }
}

// A group that is to be deleted, if it may be.
absl::StatusOr<GroupRecord> LoadDoomed(const v1::DeleteGroupRequest& request,
                                       const GroupName& name,
                                       const Transaction& transaction) {
  ASSIGN_OR_RETURN(absl::optional<GroupRecord> record,
                   transaction.identities().FindGroup(name.id()));
  if (!record.has_value()) return GroupNotFound(request.name());
  const Group& group = record->group;
  RETURN_IF_ERROR(CheckEtag(request.etag(), EtagOf(group), request.name()));
  if (DecideDelete(group).refused) {
    const std::string directory =
        DirectoryName(name.account(), group.directory).ToString();
    return FailedPrecondition(
        "GROUP_MANAGED",
        absl::StrCat(request.name(), " is managed by ", directory,
                     ": take it out of the directory's selection."),
        {{"group", request.name()}, {"directory", directory}});
  }
  if (group.member_count > 0 && !request.force()) {
    return FailedPrecondition(
        "GROUP_NOT_EMPTY",
        absl::StrCat(request.name(), " has ", group.member_count,
                     " members: set `force` to delete it all the same."),
        {{"group", request.name()},
         {"member_count", absl::StrCat(group.member_count)}});
  }
  return *std::move(record);
}

// Takes a batch of members out. Read-only users leave too: it is the group that
// goes, nothing of theirs is edited.
absl::Status TakeOutMembers(const std::string& group, const WriteCall& call,
                            Transaction& transaction) {
  ASSIGN_OR_RETURN(
      const std::vector<std::string> members,
      transaction.identities().ListMembers(group, "", kMembersPerBatch));
  for (const std::string& id : members) {
    ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                     transaction.identities().FindUser(id));
    if (!record.has_value()) {
      return DataLoss("INDEX_DANGLING",
                      absl::StrCat("The group ", group, " has the member ", id,
                                   ", who does not exist."),
                      {{"group", group}, {"user", id}});
    }
    User after = record->user;
    std::erase(after.groups, group);
    after.update_time = call.now;
    RETURN_IF_ERROR(transaction.PutUser(&record->user, after, record->mark));
    AppendUserEvent(after, v1::UserChange::UPDATED, call, "", transaction);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Group> GroupWriter::Create(
    const v1::CreateGroupRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const std::string display_name,
                   ParseGroupName(request.group().display_name()));
  WriteCall call{.account = account.id(),
                 .actor = actor,
                 .now = clock_.TimeNow(),
                 .validate_only = request.validate_only()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return CarryOut<v1::Group>(
      call, store_, [&](Transaction& transaction) -> absl::StatusOr<v1::Group> {
        RETURN_IF_ERROR(CheckNameFree(display_name, "", transaction));
        const Group group{.id = make_id_(),
                          .display_name = display_name,
                          .create_time = call.now,
                          .update_time = call.now};
        ASSIGN_OR_RETURN(absl::optional<GroupRecord> taken,
                         transaction.identities().FindGroup(group.id));
        if (taken.has_value()) {
          return Internal("ID_TAKEN", "The drawn id of a group repeats.");
        }
        RETURN_IF_ERROR(
            transaction.PutGroup(nullptr, group, store::GroupMarkRow()));
        AppendGroupEvent(group, call, "", transaction);
        return ShowGroup(group, call.account);
      });
}

absl::StatusOr<v1::Group> GroupWriter::Edit(const GroupName& name,
                                            const WriteCall& call,
                                            const std::string& etag,
                                            const std::string& rule,
                                            const Decide& decide) {
  return CarryOut<v1::Group>(
      call, store_, [&](Transaction& transaction) -> absl::StatusOr<v1::Group> {
        ASSIGN_OR_RETURN(absl::optional<GroupRecord> record,
                         transaction.identities().FindGroup(name.id()));
        if (!record.has_value()) return GroupNotFound(name.ToString());
        const Group& group = record->group;
        RETURN_IF_ERROR(CheckEtag(etag, EtagOf(group), name.ToString()));
        ASSIGN_OR_RETURN(const Group after, decide(group, transaction));
        if (after != group) {
          RETURN_IF_ERROR(transaction.PutGroup(&group, after, record->mark));
          AppendGroupEvent(after, call, rule, transaction);
        }
        return ShowGroup(after, call.account);
      });
}

absl::StatusOr<v1::Group> GroupWriter::Update(
    const v1::UpdateGroupRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const GroupName name,
                   GroupName::Parse(request.group().name()));
  ASSIGN_OR_RETURN(const absl::optional<std::string> display_name,
                   ReadGroupName(request.group(), request.update_mask()));
  WriteCall call{.account = name.account().id(),
                 .actor = actor,
                 .now = clock_.TimeNow(),
                 .validate_only = request.validate_only()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return Edit(
      name, call, request.group().etag(), "R54",
      [&](const Group& group,
          const Transaction& transaction) -> absl::StatusOr<Group> {
        if (!display_name.has_value()) return group;
        const GroupVerdict verdict =
            DecideRename(group, *display_name, call.now);
        if (verdict.refused) {
          return GroupFieldManaged(name, group, "display_name");
        }
        RETURN_IF_ERROR(CheckNameFree(*display_name, group.id, transaction));
        return verdict.after;
      });
}

absl::StatusOr<v1::Group> GroupWriter::SetState(
    const v1::SetGroupStateRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const GroupName name, GroupName::Parse(request.name()));
  ASSIGN_OR_RETURN(const GroupStatus status, ReadStatus(request.state()));
  WriteCall call{
      .account = name.account().id(), .actor = actor, .now = clock_.TimeNow()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return Edit(name, call, request.etag(), "R53",
              [&](const Group& group, const Transaction&) {
                return WithStatus(group, status, call.now);
              });
}

absl::StatusOr<Empty> GroupWriter::Delete(const v1::DeleteGroupRequest& request,
                                          const std::string& actor) {
  ASSIGN_OR_RETURN(const GroupName name, GroupName::Parse(request.name()));
  // Only the last batch carries the request out, so only it is remembered.
  const WriteCall part{
      .account = name.account().id(), .actor = actor, .now = clock_.TimeNow()};
  WriteCall call = part;
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  while (true) {
    bool is_large = false;
    absl::StatusOr<Empty> deleted = CarryOut<Empty>(
        call, store_, [&](Transaction& transaction) -> absl::StatusOr<Empty> {
          ASSIGN_OR_RETURN(const GroupRecord record,
                           LoadDoomed(request, name, transaction));
          is_large = record.group.member_count > kMembersPerBatch;
          if (is_large) return Aborted("GROUP_LARGE", "Not in one batch.");
          RETURN_IF_ERROR(TakeOutMembers(name.id(), part, transaction));
          RETURN_IF_ERROR(transaction.DeleteGroup(record.group));
          v1::ChangeEvent event = MakeEvent(part, "");
          event.mutable_group_delete()->set_name(request.name());
          transaction.AppendEvent(std::move(event));
          return Empty();
        });
    if (!is_large) return deleted;
    RETURN_IF_ERROR(
        CarryOut<Empty>(
            part, store_,
            [&](Transaction& transaction) -> absl::StatusOr<Empty> {
              RETURN_IF_ERROR(LoadDoomed(request, name, transaction).status());
              RETURN_IF_ERROR(TakeOutMembers(name.id(), part, transaction));
              return Empty();
            })
            .status());
  }
}

absl::StatusOr<v1::User> GroupWriter::AddMember(
    const v1::AddGroupMemberRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const GroupName group, GroupName::Parse(request.parent()));
  WriteCall call{
      .account = group.account().id(), .actor = actor, .now = clock_.TimeNow()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return SetMembership(group, request.user(), call, true);
}

absl::StatusOr<v1::User> GroupWriter::RemoveMember(
    const v1::RemoveGroupMemberRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const GroupName group, GroupName::Parse(request.parent()));
  WriteCall call{
      .account = group.account().id(), .actor = actor, .now = clock_.TimeNow()};
  ASSIGN_OR_RETURN(call.request,
                   RequestIdentity::Of(request.request_id(), request));
  return SetMembership(group, request.user(), call, false);
}

absl::StatusOr<v1::User> GroupWriter::SetMembership(const GroupName& group,
                                                    const std::string& user,
                                                    const WriteCall& call,
                                                    bool member) {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(user));
  if (name.account() != group.account()) {
    return InvalidArgument("ACCOUNT_MISMATCH",
                           absl::StrCat(user, " is not a user of ",
                                        group.account().ToString(), "."),
                           {{"field", "user"},
                            {"user", user},
                            {"account", group.account().ToString()}});
  }
  return EditUser(
      store_, name, call, "",
      [&](const User& before,
          const Transaction& transaction) -> absl::StatusOr<EditVerdict> {
        ASSIGN_OR_RETURN(absl::optional<GroupRecord> record,
                         transaction.identities().FindGroup(group.id()));
        if (!record.has_value()) return GroupNotFound(group.ToString());
        absl::btree_set<std::string> groups(before.groups.begin(),
                                            before.groups.end());
        if (member) {
          groups.insert(group.id());
        } else {
          groups.erase(group.id());
        }
        EditFacts facts;
        if (!record->group.directory.empty()) {
          facts.managed_groups = {record->group};
        }
        UserEdit edit;
        edit.groups = std::vector<std::string>(groups.begin(), groups.end());
        return DecideEdit(before, edit, facts, call.now);
      });
}

}  // namespace rollcall::reconciliation
