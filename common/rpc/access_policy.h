// Who may call what: the one place where roles and accounts are checked, from
// the declarations in the protos (R21, R22).
#ifndef ROLLCALL_COMMON_RPC_ACCESS_POLICY_H_
#define ROLLCALL_COMMON_RPC_ACCESS_POLICY_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rpc/caller.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "rollcall/auth/v1/auth.pb.h"

namespace rollcall::rpc {

// Immutable, thread-safe. What is not declared is denied.
class AccessPolicy {
 public:
  // Reads the declarations of services by their full names, for example
  // `rollcall.trash.v1.TrashService`. FAILED_PRECONDITION, reason
  // ACCESS_UNDECLARED, if a method lacks one, if its account field does not
  // exist, or if two methods share a request type (the account check finds the
  // method by it).
  static absl::StatusOr<AccessPolicy> ForServices(
      const std::vector<std::string>& services);

  // Before the request is read: may this caller call this method at all? `path`
  // is `/package.Service/Method`. PERMISSION_DENIED, reason ROLE_NOT_ALLOWED,
  // for unknown methods too. A method about the whole installation is for
  // operators and services. Health and reflection are open to every verified
  // caller.
  absl::Status CheckMethod(absl::string_view path, const Caller& caller) const;

  // With the request: is it about the caller's account? PERMISSION_DENIED,
  // reason ACCOUNT_NOT_ALLOWED. A malformed name is denied too for people;
  // services and operators pass, and the method reports it.
  absl::Status CheckRequest(const google::protobuf::Message& request,
                            const Caller& caller) const;

  // The method that takes this request, as `package.Service/Method`; empty for
  // a request of no method. For metrics and logs.
  absl::string_view MethodOf(const google::protobuf::Message& request) const;

 private:
  struct Rule {
    std::string method;  // `package.Service/Method`.
    rollcall::auth::v1::Access access;
  };

  AccessPolicy() = default;
  absl::Status Add(const google::protobuf::MethodDescriptor& method);

  absl::flat_hash_map<std::string, Rule> by_path_;
  absl::flat_hash_map<const google::protobuf::Descriptor*, Rule> by_request_;
};

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_ACCESS_POLICY_H_
