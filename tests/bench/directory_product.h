// The directory service as a benchmark sees it: wired as its main program wires
// it, but for the RPCs.
#ifndef ROLLCALL_TESTS_BENCH_DIRECTORY_PRODUCT_H_
#define ROLLCALL_TESTS_BENCH_DIRECTORY_PRODUCT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "tests/bench/local_tenant.h"
#include "tests/bench/measure.h"

namespace rollcall::bench {

struct ProductOptions {
  std::string store_path;
  bool phones = true;
};

// Reads a directory for which all groups of the tenant are selected. Ends the
// program if anything is not as expected. One thread.
class DirectoryProduct {
 public:
  // `tenant` must outlive this.
  DirectoryProduct(LocalTenant& tenant, const ProductOptions& options);
  ~DirectoryProduct();

  // Two steps: the first read until the mirror is durable, and the stream of
  // it behind.
  std::vector<Figures> ReadEverything(const std::string& read_step,
                                      const std::string& stream_step);
  // What changed since the read before: into the mirror, and streamed.
  Figures ReadChanges(const std::string& step);

  // Streams as the service would, until `write` says false. The directory is
  // `accounts/acme/directories/d1`. On any thread, one at a time.
  absl::Status StreamDesiredState(
      const directory::v1::StreamDesiredStateRequest& request,
      const std::function<
          bool(const directory::v1::StreamDesiredStateResponse&)>& write);

 private:
  struct Wiring;

  LocalTenant& tenant_;
  const std::unique_ptr<Wiring> wiring_;
  std::string change_cursor_;
};

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_DIRECTORY_PRODUCT_H_
