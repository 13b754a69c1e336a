// The edge between gRPC and a service's methods: each RPC is one line.
//
//   grpc::Status GetRun(grpc::ServerContext* context,
//                       const GetRunRequest* request, Run* response) override {
//     return edge_.Answer(context, *request, response,
//                         [&](const rpc::Call&) { return GetRun(*request); });
//   }
//
// Answer checks the account (R22), runs the method, converts the status, counts
// and times the call, and logs failures of ours.
#ifndef ROLLCALL_COMMON_RPC_EDGE_H_
#define ROLLCALL_COMMON_RPC_EDGE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/caller.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/status.h"
#include "grpcpp/support/sync_stream.h"

namespace rollcall::rpc {

// What a method may know about the call it serves. Lives as long as the call.
struct Call {
  const Caller& caller;
  // Whether the caller has hung up or its deadline has passed (for a unary call
  // that brings none, the edge's default); long methods look now and then.
  std::function<bool()> cancelled;
};

// Immutable, thread-safe. One per service implementation.
class Edge {
 public:
  // `domain` is the ErrorInfo domain, for example `trash.rollcall`;
  // `trust_domain` is this installation's. `default_deadline` is for unary
  // calls that bring none.
  Edge(AccessPolicy policy, std::string trust_domain, std::string domain,
       absl::Duration default_deadline = absl::Seconds(60));

  // `method` is callable as StatusOr<Response>(const Call&).
  template <typename Request, typename Response, typename Method>
  grpc::Status Answer(grpc::ServerContextBase* context, const Request& request,
                      Response* response, Method&& method) const {
    return Run(context, request, default_deadline_, [&](const Call& call) {
      absl::StatusOr<Response> answer = method(call);
      if (answer.ok()) *response = *std::move(answer);
      return answer.status();
    });
  }

  // Answer for a method of the callback API: it runs where the request arrives,
  // so `method` must not wait for anybody.
  template <typename Request, typename Response, typename Method>
  grpc::ServerUnaryReactor* React(grpc::CallbackServerContext* context,
                                  const Request& request, Response* response,
                                  Method&& method) const {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(
        Answer(context, request, response, std::forward<Method>(method)));
    return reactor;
  }

  // `method` is callable as Status(const Call&, const std::function<bool(const
  // Response&)>& write); `write` is false once the caller is gone.
  template <typename Request, typename Response, typename Method>
  grpc::Status Stream(grpc::ServerContext* context, const Request& request,
                      grpc::ServerWriter<Response>* writer,
                      Method&& method) const {
    return Run(context, request, absl::InfiniteDuration(),
               [&](const Call& call) {
                 return method(call, [writer](const Response& message) {
                   return writer->Write(message);
                 });
               });
  }

 private:
  grpc::Status Run(
      grpc::ServerContextBase* context,
      const google::protobuf::Message& request, absl::Duration default_deadline,
      const std::function<absl::Status(const Call&)>& method) const;

  AccessPolicy policy_;
  std::string trust_domain_;
  std::string domain_;
  absl::Duration default_deadline_;
};

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_EDGE_H_
