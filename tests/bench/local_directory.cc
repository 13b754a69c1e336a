#include "tests/bench/local_directory.h"

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"

namespace rollcall::bench {
namespace {

using Message = directory::v1::StreamDesiredStateResponse;
using Piece = std::vector<Message>;

// Users in a piece; everything else is handed over at once.
constexpr size_t kPieceSize = 100;
constexpr size_t kMaxPieces = 10;

absl::Status StreamsOnly() {
  return absl::UnimplementedError("There is nothing here but streams.");
}

}  // namespace

class LocalDirectory::Stream : public reconciliation::DesiredStateStream {
 public:
  Stream(LocalDirectory& directory,
         const directory::v1::StreamDesiredStateRequest& request)
      : directory_(directory), maker_([this, request] { Make(request); }) {}

  ~Stream() override {
    {
      absl::MutexLock lock(&mutex_);
      is_dropped_ = true;
    }
    maker_.join();
  }

  absl::StatusOr<absl::optional<Message>> Next() override {
    if (next_ == taken_.size() && !Take()) {
      if (!status_.ok()) return status_;
      return absl::optional<Message>();
    }
    Message& message = taken_[next_++];
    directory_.on_message_(message);
    return absl::make_optional(std::move(message));
  }

 private:
  void Make(const directory::v1::StreamDesiredStateRequest& request) {
    Piece piece;
    const absl::Status status = directory_.product_.StreamDesiredState(
        request, [&](const Message& message) {
          piece.push_back(message);
          if (message.has_user() && piece.size() < kPieceSize) return true;
          return HandOver(std::move(piece));
        });
    HandOver(std::move(piece));
    absl::MutexLock lock(&mutex_);
    status_ = status;
    is_made_ = true;
  }

  // False if nobody takes it. Leaves `piece` empty.
  bool HandOver(Piece&& piece) {
    absl::MutexLock lock(&mutex_);
    const auto has_room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return is_dropped_ || pieces_.size() < kMaxPieces;
    };
    mutex_.Await(absl::Condition(&has_room));
    pieces_.push_back(std::move(piece));
    piece.clear();
    return !is_dropped_;
  }

  // False at the end.
  bool Take() {
    absl::MutexLock lock(&mutex_);
    const auto has_some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return is_made_ || !pieces_.empty();
    };
    next_ = 0;
    taken_.clear();
    while (taken_.empty()) {
      mutex_.Await(absl::Condition(&has_some));
      if (pieces_.empty()) return false;
      taken_ = std::move(pieces_.front());
      pieces_.pop_front();
    }
    return true;
  }

  LocalDirectory& directory_;
  Piece taken_;
  size_t next_ = 0;

  absl::Mutex mutex_;
  std::deque<Piece> pieces_ ABSL_GUARDED_BY(mutex_);
  bool is_dropped_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_made_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_;  // Read when it is made.
  std::thread maker_;    // Begins when all else is there.
};

absl::StatusOr<directory::v1::Directory> LocalDirectory::GetDirectory(
    const DirectoryName&) {
  return StreamsOnly();
}

absl::StatusOr<directory::v1::ListDirectoriesResponse>
LocalDirectory::ListDirectories(const directory::v1::ListDirectoriesRequest&) {
  return StreamsOnly();
}

absl::StatusOr<std::unique_ptr<reconciliation::DesiredStateStream>>
LocalDirectory::StreamDesiredState(
    const directory::v1::StreamDesiredStateRequest& request) {
  return std::make_unique<Stream>(*this, request);
}

absl::StatusOr<directory::v1::ReadSourceUserResponse>
LocalDirectory::ReadSourceUser(const directory::v1::ReadSourceUserRequest&) {
  return StreamsOnly();
}

}  // namespace rollcall::bench
