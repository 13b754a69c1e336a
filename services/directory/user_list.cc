#include "services/directory/user_list.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {
namespace {

// More than these would only be memory.
constexpr size_t kMaxUsedPages = 4;
// Their usual size twice over; a page that was ever larger is let go.
constexpr size_t kMaxBytesToReuse = size_t{1} << 20;

// What it takes in memory, about.
size_t ByteSizeOf(const Page<SourceUser>& page) {
  size_t size = page.items.capacity() * sizeof(SourceUser) +
                page.skipped.capacity() * sizeof(SkippedObject);
  for (const SourceUser& user : page.items) {
    size += user.user_principal_name.value().capacity() +
            user.display_name.value().capacity() +
            user.mail.value().capacity() +
            user.mobile_phone.value().capacity() +
            user.user_type.value().capacity();
    for (const std::string& phone : user.business_phones.value()) {
      size += sizeof(phone) + phone.capacity();
    }
  }
  return size;
}

}  // namespace

UserList::UserList(GraphSession& graph, absl::string_view select,
                   size_t max_waiting_bytes)
    : graph_(graph),
      path_(absl::StrCat("/v1.0/users?$select=", select)),
      max_waiting_bytes_(max_waiting_bytes) {}

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
  absl::optional<Page<SourceUser>> page(std::move(pages_.front().page));
  waiting_bytes_ -= pages_.front().byte_size;
  pages_.pop_front();
  return page;
}

void UserList::GiveBack(Page<SourceUser> page) {
  if (ByteSizeOf(page) > kMaxBytesToReuse) return;
  absl::MutexLock lock(&mutex_);
  if (used_pages_.size() < kMaxUsedPages) {
    used_pages_.push_back(std::move(page));
  }
}

absl::Status UserList::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

void UserList::Run() {
  const absl::Status chain = WalkPages<SourceUser>(
      graph_,
      {.path = path_,
       .parse = [&](absl::string_view body,
                    const PageLimits& limits) { return Parse(body, limits); },
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

absl::StatusOr<Page<SourceUser>> UserList::Parse(absl::string_view body,
                                                 const PageLimits& limits) {
  Page<SourceUser> used;
  {
    absl::MutexLock lock(&mutex_);
    if (!used_pages_.empty()) {
      used = std::move(used_pages_.back());
      used_pages_.pop_back();
    }
  }
  return ParseUserPageInto(std::move(used), body, limits);
}

bool UserList::Offer(Page<SourceUser> page) {
  const size_t byte_size = ByteSizeOf(page);
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &UserList::HasRoom));
  pages_.push_back({std::move(page), byte_size});
  waiting_bytes_ += byte_size;
  return !stopped_;
}

}  // namespace rollcall::directory
