// Carries out what people ask to be done to groups and their members: the
// decision is group_edit's and user_edit's, row, indexes, event and reply are
// one batch.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_GROUP_WRITER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_GROUP_WRITER_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "common/time/clock.h"
#include "google/protobuf/empty.pb.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/write_call.h"

namespace rollcall::reconciliation {

// Thread-safe. `actor` is the SPIFFE id of who asks.
class GroupWriter {
 public:
  // `store` and `clock` must outlive this.
  GroupWriter(IdentityStore& store, Clock& clock,
              std::function<std::string()> make_id)
      : store_(store), clock_(clock), make_id_(std::move(make_id)) {}

  absl::StatusOr<v1::Group> Create(const v1::CreateGroupRequest& request,
                                   const std::string& actor);
  absl::StatusOr<v1::Group> Update(const v1::UpdateGroupRequest& request,
                                   const std::string& actor);
  absl::StatusOr<v1::Group> SetState(const v1::SetGroupStateRequest& request,
                                     const std::string& actor);

  // Takes the members out a batch at a time, and the group with the last of
  // them: a call that dies between two batches has left a smaller group, which
  // the next call goes on with.
  absl::StatusOr<google::protobuf::Empty> Delete(
      const v1::DeleteGroupRequest& request, const std::string& actor);

  absl::StatusOr<v1::User> AddMember(const v1::AddGroupMemberRequest& request,
                                     const std::string& actor);
  absl::StatusOr<v1::User> RemoveMember(
      const v1::RemoveGroupMemberRequest& request, const std::string& actor);

 private:
  using Decide = std::function<absl::StatusOr<Group>(
      const Group& group, const Transaction& transaction)>;

  absl::StatusOr<v1::Group> Edit(const GroupName& name, const WriteCall& call,
                                 const std::string& etag,
                                 const std::string& rule, const Decide& decide);
  absl::StatusOr<v1::User> SetMembership(const GroupName& group,
                                         const std::string& user,
                                         const WriteCall& call, bool member);

  IdentityStore& store_;
  Clock& clock_;
  std::function<std::string()> make_id_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_GROUP_WRITER_H_
