// The directory service in this process, as reconciliation sees it: a stream is
// made on a thread of its own and handed over in pieces, as by a connection.
#ifndef ROLLCALL_TESTS_BENCH_LOCAL_DIRECTORY_H_
#define ROLLCALL_TESTS_BENCH_LOCAL_DIRECTORY_H_

#include <functional>
#include <memory>
#include <utility>

#include "services/reconciliation/client.h"
#include "tests/bench/directory_product.h"

namespace rollcall::bench {

// One thread, one stream at a time. Streams are all it has.
class LocalDirectory : public reconciliation::DirectoryClient {
 public:
  using OnMessage =
      std::function<void(const directory::v1::StreamDesiredStateResponse&)>;

  // Shows each message to `on_message` when it is taken. `product` must outlive
  // this and its streams.
  LocalDirectory(DirectoryProduct& product, OnMessage on_message)
      : product_(product), on_message_(std::move(on_message)) {}

  absl::StatusOr<directory::v1::Directory> GetDirectory(
      const DirectoryName& name) override;
  absl::StatusOr<directory::v1::ListDirectoriesResponse> ListDirectories(
      const directory::v1::ListDirectoriesRequest& request) override;
  absl::StatusOr<std::unique_ptr<reconciliation::DesiredStateStream>>
  StreamDesiredState(
      const directory::v1::StreamDesiredStateRequest& request) override;
  absl::StatusOr<directory::v1::ReadSourceUserResponse> ReadSourceUser(
      const directory::v1::ReadSourceUserRequest& request) override;

 private:
  class Stream;

  DirectoryProduct& product_;
  const OnMessage on_message_;
};

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_LOCAL_DIRECTORY_H_
