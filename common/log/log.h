// Writes one line of JSON per event to standard error, for operators and their
// tools.
//
//   LogInfo("run_finished", {{"run", run.name()}, {"state", "SUCCEEDED"},
//   {"users_created", 12}});
//   {"time":"2026-03-01T10:00:00.123456Z","level":"info","service":"reconciliation","event":"run_finished","run":"...",...}
//
// Fields, not prose; no personal data beyond resource names. A `Secret` has no
// conversion to a field, so it cannot be logged.
#ifndef ROLLCALL_COMMON_LOG_LOG_H_
#define ROLLCALL_COMMON_LOG_LOG_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One named value of a line. Refers to the text it was made from: use it within
// the statement only.
class LogField {
 public:
  LogField(absl::string_view name, absl::string_view value);
  LogField(absl::string_view name, const char* value)
      : LogField(name, absl::string_view(value)) {}
  LogField(absl::string_view name, const std::string& value)
      : LogField(name, absl::string_view(value)) {}
  LogField(absl::string_view name, bool value);
  LogField(absl::string_view name, double value);
  LogField(absl::string_view name,
           absl::Duration value);                      // Seconds, as a number.
  LogField(absl::string_view name, absl::Time value);  // RFC 3339, UTC.
  template <typename Int,
            std::enable_if_t<
                std::is_integral_v<Int> && !std::is_same_v<Int, bool>, int> = 0>
  LogField(absl::string_view name, Int value)
      : LogField(name, static_cast<int64_t>(value), IntegerTag{}) {}
  // The code, the reason and the sentence of a status, as `<name>`,
  // `<name>_reason` and `<name>_message`.
  LogField(absl::string_view name, const absl::Status& status);

  // `"name":value`, escaped as JSON; invalid UTF-8 becomes U+FFFD.
  const std::string& json() const { return json_; }

 private:
  struct IntegerTag {};
  LogField(absl::string_view name, int64_t value, IntegerTag);
  std::string json_;
};

struct LogOptions {
  std::string service;  // Goes into every line.
  LogLevel min_level = LogLevel::kInfo;
};

// Sets the process up; call it once, at the beginning of main. Lines before it
// are written with an empty service.
void InitializeLog(LogOptions options);

// Sends lines to `sink` instead of standard error until it is called with
// nullptr; for tests. Thread-safe.
void SetLogSink(std::function<void(absl::string_view line)> sink);

// Thread-safe; each writes one whole line. `event` is lower_snake_case and
// never changes its meaning.
void LogDebug(absl::string_view event,
              std::initializer_list<LogField> fields = {});
void LogInfo(absl::string_view event,
             std::initializer_list<LogField> fields = {});
void LogWarning(absl::string_view event,
                std::initializer_list<LogField> fields = {});
void LogError(absl::string_view event,
              std::initializer_list<LogField> fields = {});

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_LOG_LOG_H_
