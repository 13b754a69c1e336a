#include "tests/bench/directory_product.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "absl/types/optional.h"
#include "common/http/client.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/graph_client.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"
#include "services/directory/test_sealer.h"

namespace rollcall::bench {
namespace {

using directory::v1::DesiredStateTrailer;
using directory::v1::StreamDesiredStateRequest;
using directory::v1::StreamDesiredStateResponse;

constexpr char kConnection[] = "accounts/acme/connections/c1";
constexpr char kDirectory[] = "accounts/acme/directories/d1";

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

directory::v1::CreateDirectoryRequest AllGroups(const TenantFacts& tenant,
                                                bool phones) {
  directory::v1::CreateDirectoryRequest create;
  create.set_parent("accounts/acme");
  create.set_directory_id("d1");
  directory::v1::Directory& made = *create.mutable_directory();
  made.set_display_name("Bench");
  made.set_connection(kConnection);
  made.set_phone_import_enabled(phones);
  made.set_default_region_code("GB");
  for (const std::string& id : tenant.group_ids) {
    made.add_selected_groups()->set_source_id(id);
  }
  return create;
}

}  // namespace

struct DirectoryProduct::Wiring {
  Wiring(LocalTenant& tenant, const std::string& store_path)
      : client(*http::Client::Create({.ca_file = tenant.facts().ca_file})),
        store(*store::OpenRocksDb({.path = store_path, .owner = "bench"})),
        authorization(kConnection, tenant.facts().origin,
                      tenant.facts().tenant_id),
        graph(*client, authorization, *store, clock, waiter),
        manager(*store, authorization, graph, clock),
        keeper(*store, authorization, graph, directory::TestSealer(), clock) {
    authorization.set_fixed_token(tenant.MakeToken());
  }

  // Gives the trailer, which says that the stream is complete.
  DesiredStateTrailer Stream(
      const StreamDesiredStateRequest& request,
      const std::function<void(const StreamDesiredStateResponse&)>& take) {
    DesiredStateTrailer trailer;
    Require(keeper.StreamDesiredState(
        request, [] { return false; },
        [&](const StreamDesiredStateResponse& response) {
          take(response);
          if (response.has_trailer()) trailer = response.trailer();
          return true;
        }));
    if (trailer.complete()) return trailer;
    std::fprintf(stderr, "The read is not complete.\n");
    std::exit(1);
  }

  Clock& clock = Clock::GetRealClock();
  directory::RealWaiter waiter;
  const std::unique_ptr<http::Client> client;
  const std::unique_ptr<store::Store> store;
  directory::FakeAuthorization authorization;
  directory::GraphClient graph;
  directory::DirectoryManager manager;
  directory::MirrorKeeper keeper;
};

DirectoryProduct::DirectoryProduct(LocalTenant& tenant,
                                   const ProductOptions& options)
    : tenant_(tenant),
      wiring_(std::make_unique<Wiring>(tenant, options.store_path)) {
  Require(wiring_->manager.Create(AllGroups(tenant.facts(), options.phones))
              .status());
}

DirectoryProduct::~DirectoryProduct() = default;

std::vector<Figures> DirectoryProduct::ReadEverything(
    const std::string& read_step, const std::string& stream_step) {
  StreamDesiredStateRequest request;
  request.set_name(kDirectory);
  request.set_mode(StreamDesiredStateRequest::FULL);
  std::vector<Figures> figures;
  StopWatch watch(tenant_);
  absl::optional<StopWatch> stream;
  const DesiredStateTrailer trailer =
      wiring_->Stream(request, [&](const StreamDesiredStateResponse& response) {
        // The first group is streamed when the read is over.
        if (response.has_group() && figures.empty()) {
          figures.push_back(watch.Stop(read_step, 0));
          stream.emplace(tenant_);
        }
      });
  figures.push_back(stream->Stop(stream_step, trailer.user_count()));
  figures.front().users = trailer.user_count();
  change_cursor_ = trailer.change_cursor();
  return figures;
}

absl::Status DirectoryProduct::StreamDesiredState(
    const StreamDesiredStateRequest& request,
    const std::function<bool(const StreamDesiredStateResponse&)>& write) {
  return wiring_->keeper.StreamDesiredState(
      request, [] { return false; }, write);
}

Figures DirectoryProduct::ReadChanges(const std::string& step) {
  StreamDesiredStateRequest request;
  request.set_name(kDirectory);
  request.set_mode(StreamDesiredStateRequest::CHANGES);
  request.set_change_cursor(change_cursor_);
  int64_t users = 0;
  StopWatch watch(tenant_);
  const DesiredStateTrailer trailer =
      wiring_->Stream(request, [&](const StreamDesiredStateResponse& response) {
        if (response.has_user()) ++users;
      });
  change_cursor_ = trailer.change_cursor();
  return watch.Stop(step, users);
}

}  // namespace rollcall::bench
