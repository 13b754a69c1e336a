// How well a receiver of notifications keeps up. One that is slow too often
// gets its notifications later, and in the end none for a while (section 4 of
// the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_RECEIVER_HEALTH_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_RECEIVER_HEALTH_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>

#include "absl/time/time.h"

namespace rollcall::entra {

// One thread.
class ReceiverHealth {
 public:
  enum class State { kGood, kSlow, kDrop };

  void Answered(bool too_slow, absl::Time now) {
    answers_.emplace_back(now, too_slow);
    Forget(now);
    if (StateOfShare() == State::kDrop) drop_until_ = now + kWindow;
  }

  // A slow one is notified kDelay later, a dropped one not at all.
  State At(absl::Time now) {
    if (now < drop_until_) return State::kDrop;
    Forget(now);
    return StateOfShare() == State::kGood ? State::kGood : State::kSlow;
  }

  static constexpr absl::Duration kDelay = absl::Seconds(10);

 private:
  static constexpr absl::Duration kWindow = absl::Minutes(10);
  static constexpr size_t kEnough = 10;  // answers to judge by

  void Forget(absl::Time now) {
    while (!answers_.empty() && answers_.front().first < now - kWindow) {
      answers_.pop_front();
    }
  }

  State StateOfShare() const {
    if (answers_.size() < kEnough) return State::kGood;
    const auto slow = static_cast<size_t>(
        std::count_if(answers_.begin(), answers_.end(),
                      [](const auto& answer) { return answer.second; }));
    if (slow * 100 > answers_.size() * 15) return State::kDrop;
    return slow * 100 > answers_.size() * 10 ? State::kSlow : State::kGood;
  }

  std::deque<std::pair<absl::Time, bool>> answers_;
  absl::Time drop_until_ = absl::InfinitePast();
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_RECEIVER_HEALTH_H_
