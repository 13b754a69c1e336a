// What stands before Graph: faults of the connection and of gateways, and the
// headers that every answer has.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_FRONT_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_FRONT_H_

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/graph.h"
#include "tests/fakes/entra/http_message.h"
#include "tests/fakes/entra/manners.h"

namespace rollcall::entra {

// Thread-safe.
class GraphFront {
 public:
  GraphFront(Graph& graph, Faults& faults, Manners& manners,
             std::function<absl::Time()> now);

  HttpResponse Handle(HttpRequest request);

 private:
  HttpResponse Answer(HttpRequest& request);
  // Faults that come instead of an answer.
  std::optional<HttpResponse> FaultInstead(const HttpRequest& request,
                                           const std::string& target);
  // Faults that spoil an answer.
  void Spoil(const std::string& target, HttpResponse& response);
  std::string NewRequestId();

  Graph& graph_;
  Faults& faults_;
  Manners& manners_;
  const std::function<absl::Time()> now_;
  std::atomic<uint64_t> requests_ = 0;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_FRONT_H_
