// Microsoft Graph v1.0, as far as Rollcall uses it: checks the token, finds
// the resource, and wraps the result as Graph does.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tests/fakes/entra/access_token.h"
#include "tests/fakes/entra/application.h"
#include "tests/fakes/entra/graph_context.h"
#include "tests/fakes/entra/http_message.h"
#include "tests/fakes/entra/page_cache.h"
#include "tests/fakes/entra/throttle.h"

namespace rollcall::entra {

// Thread-safe. The answer lacks the headers that every answer has: see
// GraphFront.
class Graph {
 public:
  Graph(GraphContext context, AccessTokens& tokens, Application& application,
        ThrottleBudget& budget);

  // Answers a request whose path begins with /v1.0/.
  HttpResponse Handle(const HttpRequest& request);

 private:
  HttpResponse AnswerOne(const HttpRequest& request,
                         const AccessClaims& claims);
  // The answer to an allowed request, from the cache if it is there.
  HttpResponse Serve(const GraphCall& call);
  HttpResponse AnswerBatch(const HttpRequest& request,
                           const AccessClaims& claims);
  HttpResponse AnswerItem(const HttpRequest& item, const AccessClaims& claims);
  HttpResponse Refuse(const HttpRequest& request,
                      const ThrottleBudget::Verdict& verdict) const;
  HttpResponse Error(const HttpRequest& request,
                     const absl::Status& status) const;
  HttpResponse Unauthorized(const HttpRequest& request, absl::string_view code,
                            absl::string_view message,
                            absl::string_view challenge = "") const;
  Permissions PermissionsOf(const AccessClaims& claims,
                            absl::string_view target) const;

  const GraphContext context_;
  AccessTokens& tokens_;
  Application& application_;
  ThrottleBudget& budget_;
  PageCache cache_;
};

// The body of an error: {"error": {...}}.
std::string GraphErrorBody(absl::string_view code, absl::string_view message,
                           const HttpRequest& request, absl::Time now);

inline constexpr char kGraphContentType[] =
    "application/json;odata.metadata=minimal;odata.streaming=true;"
    "IEEE754Compatible=false;charset=utf-8";

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_H_
