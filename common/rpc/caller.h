// Who is calling, as the verified certificate says: a SPIFFE id in its URI SAN.
// Pure.
#ifndef ROLLCALL_COMMON_RPC_CALLER_H_
#define ROLLCALL_COMMON_RPC_CALLER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::rpc {

// A service, or somebody with a role in an account. A value.
struct Caller {
  // `spiffe://{trust_domain}/service/{name}` or
  // `spiffe://{trust_domain}/account/{account}/role/{role}/{who}`.
  std::string spiffe_id;

  std::string service;  // `directory`; empty for people and other backends.
  std::string account;  // `acme`, or `*` for an operator of the whole
                        // installation; empty for services.
  std::string role;  // As the enum in auth.proto writes it: `USER_MANAGER`; in
                     // the SPIFFE id `user-manager`.
  std::string who;

  // UNAUTHENTICATED, reason IDENTITY_INVALID, for another trust domain or any
  // other form.
  static absl::StatusOr<Caller> Parse(absl::string_view spiffe_id,
                                      absl::string_view trust_domain);
};

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_CALLER_H_
