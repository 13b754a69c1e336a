#include "deploy/first_sync/display.h"

#include <algorithm>

namespace rollcall::deploy {
namespace {

constexpr absl::Duration kBetweenLines = absl::Seconds(2);
// To the first column, and away with what is there.
constexpr char kClearLine[] = "\r\033[K";

// What is seen of a phase ends a little before it does: the next one tells that
// nothing of it was left.
Sample Finished(Sample last, const Sample& next) {
  last.done = std::max(last.done, last.total);
  last.time = next.time;
  return last;
}

}  // namespace

void Display::Show(const Sample& sample) {
  const bool begins = !shown_.has_value() || shown_->phase != sample.phase;
  if (begins && shown_.has_value()) {
    // After a crash a run may begin anew, with a step that it had behind it.
    Leave(sample.step > shown_->step ? Finished(*shown_, sample) : *shown_);
  }
  shown_ = sample;
  if (terminal_) {
    Draw(sample);
  } else if (begins || sample.time >= next_line_) {
    Draw(sample);
    next_line_ = sample.time + kBetweenLines;
  }
}

void Display::End() {
  if (shown_.has_value()) Leave(*shown_);
  shown_.reset();
}

void Display::Draw(const Sample& sample) {
  if (terminal_) {
    out_ << kClearLine << "  " << line_.Render(sample) << std::flush;
  } else {
    out_ << "  " << line_.Render(sample) << std::endl;
  }
  drawn_done_ = sample.done;
}

void Display::Leave(const Sample& last) {
  if (!terminal_) {
    if (last.done != drawn_done_) Draw(last);
  } else if (last.done > 0 || last.total > 0) {
    Draw(last);
    out_ << std::endl;
  } else {
    out_ << kClearLine << std::flush;
  }
}

}  // namespace rollcall::deploy
