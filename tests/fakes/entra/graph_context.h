// What the resources of Graph share: where they live, what they serve, and
// the request at hand.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_CONTEXT_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_CONTEXT_H_

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/fakes/entra/closure.h"
#include "tests/fakes/entra/delta_knobs.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/graph_knobs.h"
#include "tests/fakes/entra/http_message.h"
#include "tests/fakes/entra/manners.h"
#include "tests/fakes/entra/odata.h"
#include "tests/fakes/entra/ordering.h"
#include "tests/fakes/entra/page_token.h"
#include "tests/fakes/entra/subscriptions.h"
#include "tests/fakes/entra/tenant.h"

namespace rollcall::entra {

// Set once at the start; the references are thread-safe.
struct GraphContext {
  std::string origin;  // https://localhost:8443
  std::string tenant_id;
  std::string client_id;
  Tenant& tenant;
  Faults& faults;
  const TokenSealer& sealer;
  std::function<absl::Time()> now;
  DeltaKnobs& delta;
  Subscriptions& subscriptions;
  ClosureCache& closures;
  OrderingCache& orderings;
  GraphKnobs& knobs;
  Manners& manners;

  std::string MetadataUrl(absl::string_view suffix) const {
    return origin + "/v1.0/$metadata#" + std::string(suffix);
  }
};

// What the token of the request allows.
struct Permissions {
  bool users = false;
  bool groups = false;  // groups and their members
  bool group_delta = false;
  bool others = false;  // devices, contacts, service principals
  bool organization = false;
  bool hidden_members = false;
  bool limited_members = false;  // by a fault: nothing but their ids
};

struct GraphCall {
  const HttpRequest& request;
  std::vector<std::string> segments;  // of the path below /v1.0, decoded
  QueryOptions options;
  Permissions permissions;
  bool eventual = false;    // ConsistencyLevel: eventual
  bool only_count = false;  // the path ended with /$count

  bool advanced() const { return eventual && options.count; }
  std::string Target() const {
    return request.query.empty() ? request.path
                                 : request.path + "?" + request.query;
  }
};

struct GraphReply {
  int status = 200;
  std::string body;
  std::map<std::string, std::string> headers;
  std::string content_type;  // empty: that of Graph's JSON
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_CONTEXT_H_
