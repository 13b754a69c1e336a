// A directory service whose users are made as they are streamed: it costs
// little time and no memory, however many there are.
#ifndef ROLLCALL_TESTS_BENCH_GENERATED_DIRECTORY_H_
#define ROLLCALL_TESTS_BENCH_GENERATED_DIRECTORY_H_

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "services/reconciliation/client.h"

namespace rollcall::bench {

// One thread.
class GeneratedDirectory : public reconciliation::DirectoryClient {
 public:
  static constexpr int kGroups = 50;
  static constexpr int kMembershipsPerUser = 2;

  explicit GeneratedDirectory(int64_t users) : users_(users) {}

  // From now on every hundredth user has another name.
  void ChangeOnePercent() { ++version_; }

  // How long making what was streamed has taken.
  absl::Duration streaming() const { return streaming_; }

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

  const int64_t users_;
  int version_ = 0;
  absl::Duration streaming_;
};

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_GENERATED_DIRECTORY_H_
