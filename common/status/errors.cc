#include "common/status/errors.h"

#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

// Private names: nobody outside of this file reads these payloads.
constexpr absl::string_view kErrorPayload = "type.rollcall/error";
constexpr absl::string_view kRetryDelayPayload = "type.rollcall/retry-delay";

// Texts are kept one after the other, each behind its length in decimal and a
// colon: `5:hello`. Any byte may occur in them.
void AppendText(absl::string_view text, std::string* bytes) {
  absl::StrAppend(bytes, text.size(), ":", text);
}

// Takes the first text off `bytes`; none if there is no whole one.
absl::optional<std::string> TakeText(absl::string_view* bytes) {
  size_t length = 0;
  size_t i = 0;
  for (; i < bytes->size() && (*bytes)[i] != ':'; ++i) {
    const char digit = (*bytes)[i];
    if (digit < '0' || digit > '9' || length > bytes->size()) {
      return absl::nullopt;
    }
    length = length * 10 + static_cast<size_t>(digit - '0');
  }
  if (i == 0 || i == bytes->size()) return absl::nullopt;
  bytes->remove_prefix(i + 1);
  if (length > bytes->size()) return absl::nullopt;
  std::string text(bytes->substr(0, length));
  bytes->remove_prefix(length);
  return text;
}

// The payload under `type_url` as plain bytes; empty if there is none.
std::string PayloadOf(const absl::Status& status, absl::string_view type_url) {
  const absl::optional<absl::Cord> payload = status.GetPayload(type_url);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view reason,
                       absl::string_view message, Facts facts) {
  std::string payload;
  AppendText(reason, &payload);
  for (const auto& [name, value] : facts) {
    AppendText(name, &payload);
    AppendText(value, &payload);
  }
  absl::Status status(code, message);
  status.SetPayload(kErrorPayload, absl::Cord(payload));
  return status;
}

absl::Status InvalidArgument(absl::string_view reason,
                             absl::string_view message, Facts facts) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, message,
                   std::move(facts));
}

absl::Status NotFound(absl::string_view reason, absl::string_view message,
                      Facts facts) {
  return MakeError(absl::StatusCode::kNotFound, reason, message,
                   std::move(facts));
}

absl::Status AlreadyExists(absl::string_view reason, absl::string_view message,
                           Facts facts) {
  return MakeError(absl::StatusCode::kAlreadyExists, reason, message,
                   std::move(facts));
}

absl::Status FailedPrecondition(absl::string_view reason,
                                absl::string_view message, Facts facts) {
  return MakeError(absl::StatusCode::kFailedPrecondition, reason, message,
                   std::move(facts));
}

absl::Status PermissionDenied(absl::string_view reason,
                              absl::string_view message, Facts facts) {
  return MakeError(absl::StatusCode::kPermissionDenied, reason, message,
                   std::move(facts));
}

absl::Status Unauthenticated(absl::string_view reason,
                             absl::string_view message, Facts facts) {
  return MakeError(absl::StatusCode::kUnauthenticated, reason, message,
                   std::move(facts));
}

absl::Status Aborted(absl::string_view reason, absl::string_view message,
                     Facts facts) {
  return MakeError(absl::StatusCode::kAborted, reason, message,
                   std::move(facts));
}

absl::Status ResourceExhausted(absl::string_view reason,
                               absl::string_view message, Facts facts) {
  return MakeError(absl::StatusCode::kResourceExhausted, reason, message,
                   std::move(facts));
}

absl::Status DataLoss(absl::string_view reason, absl::string_view message,
                      Facts facts) {
  return MakeError(absl::StatusCode::kDataLoss, reason, message,
                   std::move(facts));
}

absl::Status Internal(absl::string_view reason, absl::string_view message,
                      Facts facts) {
  return MakeError(absl::StatusCode::kInternal, reason, message,
                   std::move(facts));
}

absl::Status Unavailable(absl::string_view reason, absl::string_view message,
                         Facts facts) {
  return MakeError(absl::StatusCode::kUnavailable, reason, message,
                   std::move(facts));
}

absl::Status DeadlineExceeded(absl::string_view reason,
                              absl::string_view message, Facts facts) {
  return MakeError(absl::StatusCode::kDeadlineExceeded, reason, message,
                   std::move(facts));
}

absl::Status Cancelled(absl::string_view reason, absl::string_view message,
                       Facts facts) {
  return MakeError(absl::StatusCode::kCancelled, reason, message,
                   std::move(facts));
}

std::string ReasonOf(const absl::Status& status) {
  const std::string payload = PayloadOf(status, kErrorPayload);
  absl::string_view bytes = payload;
  return TakeText(&bytes).value_or("");
}

Facts FactsOf(const absl::Status& status) {
  const std::string payload = PayloadOf(status, kErrorPayload);
  absl::string_view bytes = payload;
  Facts facts;
  if (!TakeText(&bytes).has_value()) return facts;  // The reason.
  while (!bytes.empty()) {
    absl::optional<std::string> name = TakeText(&bytes);
    absl::optional<std::string> value = TakeText(&bytes);
    if (!name.has_value() || !value.has_value()) break;
    facts.emplace_back(*std::move(name), *std::move(value));
  }
  return facts;
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload(
      [&annotated](absl::string_view type_url, const absl::Cord& payload) {
        annotated.SetPayload(type_url, payload);
      });
  return annotated;
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  status.SetPayload(kRetryDelayPayload,
                    absl::Cord(absl::FormatDuration(delay)));
  return status;
}

absl::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  absl::Duration delay;
  if (!absl::ParseDuration(PayloadOf(status, kRetryDelayPayload), &delay)) {
    return absl::nullopt;
  }
  return delay;
}

}  // namespace rollcall
