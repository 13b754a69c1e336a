// A session with a real little Graph over TLS, for tests: a clock that stands
// still, and moves only by what was waited for.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_FIXTURE_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_FIXTURE_H_

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/http/client.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/graph_client.h"
#include "services/directory/little_graph.h"

namespace rollcall::directory {

class GraphFixture : public ::testing::Test {
 protected:
  static constexpr char kConnection[] = "accounts/acme/connections/c1";
  static constexpr char kTenant[] = "5f0c4c39-0c2d-4a4c-8a6f-3f5c8d1b2e77";

  GraphFixture() : authorization_(kConnection, graph_.origin(), kTenant) {
    auto http = http::Client::Create({.ca_file = LittleGraph::ca_file()});
    EXPECT_OK(http);
    http_ = *std::move(http);
    client_.emplace(*http_, authorization_, *store_, clock_, waiter_);
    auto session = client_->Open(*ConnectionName::Parse(kConnection),
                                 [] { return false; });
    EXPECT_OK(session);
    session_ = *std::move(session);
  }

  static Answer Error(int status, absl::string_view code) {
    return {.status = status,
            .body = absl::StrCat(R"({"error":{"code":")", code, R"("}})")};
  }

  LittleGraph graph_;
  FakeAuthorization authorization_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'760'000'000)};
  FakeWaiter waiter_{&clock_};
  std::unique_ptr<rollcall::store::Store> store_ =
      *rollcall::store::OpenInMemory();
  std::unique_ptr<http::Client> http_;
  absl::optional<GraphClient> client_;
  std::unique_ptr<GraphSession> session_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_FIXTURE_H_
