// For tests: an authorization that hands out what it is told to, and a waiter
// that does not wait.
#ifndef ROLLCALL_SERVICES_DIRECTORY_FAKE_AUTHORIZATION_H_
#define ROLLCALL_SERVICES_DIRECTORY_FAKE_AUTHORIZATION_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/status/errors.h"
#include "common/testing/simulated_clock.h"
#include "services/directory/authorization_client.h"
#include "services/directory/waiter.h"

namespace rollcall::directory {

// Knows one connection, and those that are added. Tokens are `token-1`, and
// after every report the next number, or `fixed_token` if it is set.
// Thread-safe.
class FakeAuthorization : public AuthorizationClient {
 public:
  FakeAuthorization(std::string connection, std::string graph_origin,
                    std::string tenant_id)
      : graph_origin_(std::move(graph_origin)) {
    AddConnection(std::move(connection), std::move(tenant_id));
  }

  void AddConnection(std::string connection, std::string tenant_id) {
    absl::MutexLock lock(&mutex_);
    tenants_[std::move(connection)] = std::move(tenant_id);
  }

  void set_fixed_token(std::string token) {
    absl::MutexLock lock(&mutex_);
    fixed_token_ = std::move(token);
  }
  void set_reauthorization_required(bool required) {
    absl::MutexLock lock(&mutex_);
    reauthorization_required_ = required;
  }
  // Nobody answers.
  void set_down(bool down) {
    absl::MutexLock lock(&mutex_);
    down_ = down;
  }
  // The connection is gone.
  void set_removed(bool removed) {
    absl::MutexLock lock(&mutex_);
    removed_ = removed;
  }
  // Happens once, while the next GetConnection is under way.
  void set_on_look_up(std::function<void()> what) {
    absl::MutexLock lock(&mutex_);
    on_look_up_ = std::move(what);
  }
  int mints() const {
    absl::MutexLock lock(&mutex_);
    return mints_;
  }
  std::vector<std::string> reported() const {
    absl::MutexLock lock(&mutex_);
    return reported_;
  }

  absl::StatusOr<AccessToken> MintAccessToken(
      const ConnectionName& connection) override {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = Check(connection); !status.ok()) return status;
    if (reauthorization_required_) {
      return FailedPrecondition("REAUTHORIZATION_REQUIRED", "Authorize again.");
    }
    ++mints_;
    return AccessToken{
        .token = Secret(fixed_token_.empty()
                            ? absl::StrCat("token-", reported_.size() + 1)
                            : fixed_token_),
        .expire_time = absl::InfiniteFuture(),
        .graph_origin = graph_origin_,
        .tenant_id = tenants_[connection.ToString()]};
  }

  absl::Status ReportRejectedToken(const ConnectionName& connection,
                                   const Secret& token) override {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = Check(connection); !status.ok()) return status;
    reported_.emplace_back(token.Reveal());
    return absl::OkStatus();
  }

  absl::StatusOr<ConnectionFacts> GetConnection(
      const ConnectionName& connection) override {
    std::function<void()> meanwhile;
    {
      absl::MutexLock lock(&mutex_);
      meanwhile = std::exchange(on_look_up_, nullptr);
    }
    if (meanwhile) meanwhile();
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = Check(connection); !status.ok()) return status;
    return ConnectionFacts{
        .reauthorization_required = reauthorization_required_,
        .tenant_id = tenants_[connection.ToString()]};
  }

 private:
  absl::Status Check(const ConnectionName& connection) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (down_) return Unavailable("CONNECT_FAILED", "Nobody answers.");
    if (!removed_ && tenants_.contains(connection.ToString())) {
      return absl::OkStatus();
    }
    return NotFound("CONNECTION_NOT_FOUND", "There is no such connection.");
  }

  const std::string graph_origin_;
  mutable absl::Mutex mutex_;
  // Of each connection.
  absl::flat_hash_map<std::string, std::string> tenants_
      ABSL_GUARDED_BY(mutex_);
  std::string fixed_token_ ABSL_GUARDED_BY(mutex_);
  bool reauthorization_required_ ABSL_GUARDED_BY(mutex_) = false;
  bool down_ ABSL_GUARDED_BY(mutex_) = false;
  bool removed_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<void()> on_look_up_ ABSL_GUARDED_BY(mutex_);
  int mints_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> reported_ ABSL_GUARDED_BY(mutex_);
};

// Adds up what it was asked to wait, and moves the clock by it if it has one.
// Thread-safe.
class FakeWaiter : public Waiter {
 public:
  explicit FakeWaiter(SimulatedClock* clock = nullptr) : clock_(clock) {}

  void Wait(absl::Duration duration) override {
    absl::MutexLock lock(&mutex_);
    total_ += duration;
    if (clock_ != nullptr) clock_->AdvanceTime(duration);
  }
  absl::Duration total() const {
    absl::MutexLock lock(&mutex_);
    return total_;
  }

 private:
  SimulatedClock* const clock_;
  mutable absl::Mutex mutex_;
  absl::Duration total_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_FAKE_AUTHORIZATION_H_
