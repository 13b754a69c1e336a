// Lists all users of a tenant, 999 a page if Graph allows it, at the price of
// one chain that goes page by page: on a thread of its own, so that the list
// may begin before anybody knows whom of it the mirror wants.
//
// Pages that wait to be taken have a bound in bytes; at it, the list waits as
// well.
#ifndef ROLLCALL_SERVICES_DIRECTORY_USER_LIST_H_
#define ROLLCALL_SERVICES_DIRECTORY_USER_LIST_H_

#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "services/directory/graph_client.h"
#include "services/directory/graph_page.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

// Thread-safe. The destructor lets the request that is under way end.
class UserList {
 public:
  // Some thirty pages. One that is larger than all of it waits alone.
  static constexpr size_t kMaxWaitingBytes = size_t{16} << 20;

  // `graph` must outlive the list.
  UserList(GraphSession& graph, absl::string_view select,
           size_t max_waiting_bytes = kMaxWaitingBytes);
  ~UserList();
  UserList(const UserList&) = delete;
  UserList& operator=(const UserList&) = delete;

  // Does nothing if the list has begun, or was stopped.
  void Begin();
  // Asks for no further page; those that have come may still be taken.
  void Stop();

  // The next page, as soon as it is there; none if no more will come. A list
  // that has not begun is to be begun or stopped first. A user may come on
  // several pages.
  absl::optional<Page<SourceUser>> Next();

  // A page that was taken and is not needed any more, for its memory.
  void GiveBack(Page<SourceUser> page);

  // After the last page: an error that ends the read. A chain that was cut is
  // none: who was not shown is to be asked for in another way.
  absl::Status status() const;

 private:
  enum class State { kNew, kListing, kEnded };
  struct WaitingPage {
    Page<SourceUser> page;
    size_t byte_size = 0;
  };

  void Run();
  absl::StatusOr<Page<SourceUser>> Parse(absl::string_view body,
                                         const PageLimits& limits);
  // Waits for room; false if the list was stopped.
  bool Offer(Page<SourceUser> page);
  bool HasRoom() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopped_ || waiting_bytes_ < max_waiting_bytes_;
  }
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return !pages_.empty() || state_ == State::kEnded;
  }

  GraphSession& graph_;
  const std::string path_;
  const size_t max_waiting_bytes_;

  mutable absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kNew;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<WaitingPage> pages_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Page<SourceUser>> used_pages_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_USER_LIST_H_
