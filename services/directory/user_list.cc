#include "services/directory/user_list.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {
namespace {

// Some 20 MB of users.
constexpr size_t kMaxPagesWaiting = 32;

}  // namespace

UserList::UserList(GraphSession& graph, absl::string_view select)
    : graph_(graph),
      path_(absl::StrCat("/v1.0/users?$select=", select, "&$top=999")) {}

UserList::~UserList() {
  Stop();
  std::thread thread;
  {
    absl::MutexLock lock(&mutex_);
    thread.swap(thread_);
  }
  if (thread.joinable()) thread.join();
}

void UserList::Begin() {
  absl::MutexLock lock(&mutex_);
  if (state_ != State::kNew) return;
  state_ = State::kListing;
  thread_ = std::thread([this] { Run(); });
}

void UserList::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  if (state_ == State::kNew) state_ = State::kEnded;
}

absl::optional<Page<SourceUser>> UserList::Next() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &UserList::HasNews));
  if (pages_.empty()) return absl::nullopt;
  absl::optional<Page<SourceUser>> page(std::move(pages_.front()));
  pages_.pop_front();
  return page;
}

absl::Status UserList::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

void UserList::Run() {
  const absl::Status chain = WalkPages<SourceUser>(
      graph_, {.path = path_,
               .parse = ParseUserPage,
               .begin = [] {},  // Users that were there once stay.
               .take = [&](Page<SourceUser> page) -> absl::Status {
                 return Offer(std::move(page)) ? absl::OkStatus()
                                               : absl::CancelledError();
               }});
  absl::MutexLock lock(&mutex_);
  state_ = State::kEnded;
  // Of a list that nobody wants any more an error means nothing.
  if (!stopped_ && EndsTheRead(chain)) status_ = chain;
}

bool UserList::Offer(Page<SourceUser> page) {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &UserList::HasRoom));
  pages_.push_back(std::move(page));
  return !stopped_;
}

bool UserList::HasRoom() const {
  return stopped_ || pages_.size() < kMaxPagesWaiting;
}

}  // namespace rollcall::directory
