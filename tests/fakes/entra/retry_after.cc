#include "tests/fakes/entra/retry_after.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rollcall::entra {
namespace {

constexpr char kHttpDate[] = "%a, %d %b %Y %H:%M:%S GMT";

}  // namespace

std::optional<RetryAfterForm> ParseRetryAfterForm(absl::string_view name) {
  if (name == "integer") return RetryAfterForm::kInteger;
  if (name == "decimal") return RetryAfterForm::kDecimal;
  if (name == "date") return RetryAfterForm::kDate;
  if (name == "absent") return RetryAfterForm::kAbsent;
  return std::nullopt;
}

std::string HttpDate(absl::Time time) {
  return absl::FormatTime(kHttpDate, time, absl::UTCTimeZone());
}

std::string FormatRetryAfter(absl::Duration wait, absl::Time now,
                             RetryAfterForm form) {
  switch (form) {
    case RetryAfterForm::kInteger:
      return absl::StrCat(std::max<int64_t>(
          1, absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)))));
    case RetryAfterForm::kDecimal:
      return absl::StrFormat("%.3f", absl::ToDoubleSeconds(absl::Ceil(
                                         wait, absl::Milliseconds(1))));
    case RetryAfterForm::kDate:
      // Headers have whole seconds.
      return HttpDate(
          absl::UnixEpoch() +
          absl::Ceil(now + wait - absl::UnixEpoch(), absl::Seconds(1)));
    case RetryAfterForm::kAbsent:
      break;
  }
  return "";
}

std::optional<absl::Time> ReadRetryAfter(absl::string_view header,
                                         absl::Time now) {
  double seconds = 0;
  if (absl::SimpleAtod(header, &seconds)) return now + absl::Seconds(seconds);
  absl::Time date;
  std::string error;
  if (absl::ParseTime(kHttpDate, header, &date, &error)) return date;
  return std::nullopt;
}

}  // namespace rollcall::entra
