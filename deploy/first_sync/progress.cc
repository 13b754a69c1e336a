#include "deploy/first_sync/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rollcall::deploy {
namespace {

constexpr int kBarWidth = 24;

std::string Bar(int64_t done, int64_t total) {
  const int filled = static_cast<int>(std::clamp<int64_t>(
      total == 0 ? 0 : done * kBarWidth / total, 0, kBarWidth));
  return absl::StrCat("[", std::string(filled, '#'),
                      std::string(kBarWidth - filled, '.'), "]");
}

}  // namespace

std::string ProgressLine::Render(const Sample& sample) {
  if (sample.phase != phase_) {
    phase_ = sample.phase;
    phase_start_ = sample.time;
    start_done_ = sample.done;
  }
  std::string line = absl::StrFormat("%-10s ", sample.phase);
  if (sample.total > 0) {
    const int64_t percent =
        std::clamp<int64_t>(sample.done * 100 / sample.total, 0, 100);
    absl::StrAppend(&line, Bar(sample.done, sample.total),
                    absl::StrFormat(" %3d %%  ", percent),
                    WithThousands(sample.done), " of ",
                    WithThousands(sample.total));
  } else {
    absl::StrAppend(&line, WithThousands(sample.done));
  }
  const double seconds = absl::ToDoubleSeconds(sample.time - phase_start_);
  const int64_t gained = sample.done - start_done_;
  if (seconds > 0 && gained > 0) {
    const double rate = static_cast<double>(gained) / seconds;
    absl::StrAppend(&line, "  ", WithThousands(std::llround(rate)), "/s");
    if (sample.total > sample.done) {
      const double left =
          static_cast<double>(sample.total - sample.done) / rate;
      absl::StrAppend(&line, "  ", WithThousands(std::llround(std::ceil(left))),
                      " s left");
    }
  }
  return line;
}

std::string WithThousands(int64_t number) {
  std::string digits = absl::StrCat(number < 0 ? -number : number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(at, ",");
  }
  return number < 0 ? absl::StrCat("-", digits) : digits;
}

}  // namespace rollcall::deploy
