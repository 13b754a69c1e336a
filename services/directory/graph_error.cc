#include "services/directory/graph_error.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace rollcall::directory {
namespace {

// Codes are compared without regard to case, at any level.
bool HasCode(const GraphAnswer& answer,
             std::initializer_list<absl::string_view> codes) {
  return std::any_of(
      answer.codes.begin(), answer.codes.end(), [codes](const auto& code) {
        return std::any_of(codes.begin(), codes.end(), [&](auto candidate) {
          return absl::EqualsIgnoreCase(code, candidate);
        });
      });
}

bool IsThrottled(const GraphAnswer& answer) {
  return answer.status == 429 ||
         HasCode(answer, {"TooManyRequests", "activityLimitReached",
                          "Request_ThrottledTemporarily"});
}

bool IsDeltaTokenGone(const GraphAnswer& answer) {
  return answer.status == 410 ||
         HasCode(answer, {"syncStateNotFound", "resyncRequired",
                          "syncStateInvalid", "InvalidDeltaToken"});
}

bool IsPageTokenGone(const GraphAnswer& answer) {
  return HasCode(answer, {"Directory_ExpiredPageToken",
                          "DirectoryPageTokenNotFoundException"});
}

// A 404 `UnknownError` is a gateway in trouble, even on a valid link.
GraphVerdict JudgeNotFound(const GraphAnswer& answer) {
  return HasCode(answer,
                 {"Request_ResourceNotFound", "Directory_ObjectNotFound"})
             ? GraphVerdict::kNotFound
             : GraphVerdict::kRetry;
}

}  // namespace

GraphVerdict Judge(const GraphAnswer& answer) {
  const int status = answer.status;
  if (status == 200) return GraphVerdict::kOk;
  if (status == 401) return GraphVerdict::kRefreshToken;
  if (status >= 400 && status < 500) {
    if (IsDeltaTokenGone(answer)) return GraphVerdict::kResync;
    if (IsPageTokenGone(answer)) return GraphVerdict::kRestartEnumeration;
    if (IsThrottled(answer)) return GraphVerdict::kRetry;
    if (status == 403) return GraphVerdict::kForbidden;
    if (status == 404) return JudgeNotFound(answer);
    if (status == 408) return GraphVerdict::kRetry;
    // A 400 with a page in its body and no code: trust the status, fail the
    // page, try again.
    if (status == 400 && answer.codes.empty()) return GraphVerdict::kRetry;
    return GraphVerdict::kGiveUp;
  }
  // 501: stored elsewhere, no retry helps.
  if (status >= 500 && status != 501) return GraphVerdict::kRetry;
  return GraphVerdict::kGiveUp;
}

absl::optional<absl::Duration> ParseRetryAfter(absl::string_view text,
                                               absl::Time now) {
  text = absl::StripAsciiWhitespace(text);
  double seconds = 0;
  if (!text.empty() && (absl::ascii_isdigit(text.front()) || text[0] == '.') &&
      absl::SimpleAtod(text, &seconds)) {
    if (!std::isfinite(seconds)) return absl::nullopt;
    return absl::Seconds(seconds);
  }
  absl::Time date;
  // RFC 9110 §5.6.7: the preferred form; always GMT.
  if (!absl::EndsWith(text, " GMT") ||
      !absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &date, nullptr)) {
    return absl::nullopt;
  }
  return std::max(date - now, absl::ZeroDuration());
}

}  // namespace rollcall::directory
