#include "services/directory/graph_error.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

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

// Codes that name the token in a way that nobody has documented count too.
bool IsDeltaTokenGone(const GraphAnswer& answer) {
  return answer.status == 410 || HasCode(answer, {"resyncRequired"}) ||
         std::any_of(answer.codes.begin(), answer.codes.end(),
                     [](const std::string& code) {
                       const std::string lower = absl::AsciiStrToLower(code);
                       return absl::StrContains(lower, "syncstate") ||
                              absl::StrContains(lower, "deltatoken");
                     });
}

bool IsPageTokenGone(const GraphAnswer& answer) {
  return HasCode(answer, {"Directory_ExpiredPageToken",
                          "DirectoryPageTokenNotFoundException"});
}

bool IsServerTrouble(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504 ||
         status == 509;
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
  // Of the others no retry helps; 501 says that something is stored elsewhere.
  return IsServerTrouble(status) ? GraphVerdict::kRetry : GraphVerdict::kGiveUp;
}

absl::Status StatusFor(const GraphAnswer& answer, GraphVerdict verdict) {
  const std::string code = answer.codes.empty() ? "" : answer.codes.front();
  Facts facts = {{"http_status", absl::StrCat(answer.status)}};
  if (!code.empty()) facts.push_back({"graph_code", code});
  const std::string said = absl::StrCat("Graph answered ", answer.status,
                                        code.empty() ? "" : " ", code);
  switch (verdict) {
    case GraphVerdict::kOk:
      return absl::OkStatus();
    case GraphVerdict::kRetry:
      return Unavailable(
          answer.status == 429 ? "GRAPH_THROTTLED" : "GRAPH_UNAVAILABLE",
          absl::StrCat(said, "."), facts);
    case GraphVerdict::kRefreshToken:
      return FailedPrecondition(
          "GRAPH_UNAUTHORIZED",
          absl::StrCat(said,
                       ", with a fresh token too. The tenant may have to "
                       "be authorized again."),
          facts);
    case GraphVerdict::kRestartEnumeration:
      return Aborted("GRAPH_PAGE_EXPIRED",
                     absl::StrCat(said, ": a page expired."), facts);
    case GraphVerdict::kResync:
      return Aborted("GRAPH_RESYNC_REQUIRED",
                     absl::StrCat(said, ": everything must be read again."),
                     facts);
    case GraphVerdict::kNotFound:
      return NotFound("GRAPH_NOT_FOUND", absl::StrCat(said, "."), facts);
    case GraphVerdict::kForbidden:
      return FailedPrecondition(
          "GRAPH_FORBIDDEN",
          absl::StrCat(said,
                       ": the application lacks a permission in the "
                       "tenant. Grant it and give consent again."),
          facts);
    case GraphVerdict::kGiveUp:
      break;
  }
  return Internal("GRAPH_REFUSED", absl::StrCat(said, "."), facts);
}

absl::optional<absl::Time> ParseHttpDate(absl::string_view text) {
  absl::Time date;
  if (!absl::EndsWith(text, " GMT") ||
      !absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &date, nullptr)) {
    return absl::nullopt;
  }
  return date;
}

absl::optional<double> ParseQuotaNumber(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  double number = 0;
  // Neither a sign nor `inf` nor hexadecimal digits.
  if (text.find_first_not_of("0123456789.") != absl::string_view::npos ||
      !absl::SimpleAtod(text, &number) || !std::isfinite(number)) {
    return absl::nullopt;
  }
  return number;
}

absl::optional<absl::Duration> ParseRetryAfter(absl::string_view text,
                                               absl::Time now) {
  // Nobody comes back sooner than told; but times have an end.
  constexpr absl::Duration kLongest = absl::Hours(3650 * 24);
  text = absl::StripAsciiWhitespace(text);
  if (const auto seconds = ParseQuotaNumber(text); seconds.has_value()) {
    return std::min(absl::Seconds(*seconds), kLongest);
  }
  const absl::optional<absl::Time> date = ParseHttpDate(text);
  if (!date.has_value()) return absl::nullopt;
  return std::clamp(*date - now, absl::ZeroDuration(), kLongest);
}

}  // namespace rollcall::directory
