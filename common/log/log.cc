#include "common/log/log.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/status/errors.h"
#include "common/status/utf8.h"

namespace rollcall {
namespace {

// The one piece of global state here: where lines go is a matter of the
// process, like standard error itself.
struct Output {
  absl::Mutex mutex;
  LogOptions options ABSL_GUARDED_BY(mutex);
  std::function<void(absl::string_view)> sink ABSL_GUARDED_BY(mutex);
};

Output& GetOutput() {
  static Output& output = *new Output();  // Outlives every other static.
  return output;
}

// Text as a JSON string, quotes included (RFC 8259 §7).
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : ToValidUtf8(text)) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          absl::StrAppendFormat(&quoted, "\\u%04x", c);
        } else {
          quoted += c;
        }
    }
  }
  quoted += '"';
  return quoted;
}

std::string Member(absl::string_view name, absl::string_view json) {
  return absl::StrCat(Quoted(name), ":", json);
}

// JSON has no infinity and no NaN; as text they stay readable.
std::string Number(double value) {
  return std::isfinite(value) ? absl::StrCat(value)
                              : Quoted(absl::StrCat(value));
}

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

absl::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// Writes the whole line or what standard error takes of it: where the log
// cannot be written there is nobody left to tell.
void WriteToStandardError(absl::string_view line) {
  while (!line.empty()) {
    const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<size_t>(written));
  }
}

void Log(LogLevel level, absl::string_view event,
         std::initializer_list<LogField> fields) {
  Output& output = GetOutput();
  absl::MutexLock lock(&output.mutex);
  if (level < output.options.min_level) return;
  std::string line =
      absl::StrCat("{", Member("time", Quoted(Rfc3339(absl::Now()))), ",",
                   Member("level", Quoted(LevelName(level))), ",",
                   Member("service", Quoted(output.options.service)), ",",
                   Member("event", Quoted(event)));
  for (const LogField& field : fields) {
    absl::StrAppend(&line, ",", field.json());
  }
  absl::StrAppend(&line, "}\n");
  if (output.sink) {
    output.sink(line);
  } else {
    WriteToStandardError(line);
  }
}

}  // namespace

LogField::LogField(absl::string_view name, absl::string_view value)
    : json_(Member(name, Quoted(value))) {}

LogField::LogField(absl::string_view name, bool value)
    : json_(Member(name, value ? "true" : "false")) {}

LogField::LogField(absl::string_view name, double value)
    : json_(Member(name, Number(value))) {}

LogField::LogField(absl::string_view name, absl::Duration value)
    : LogField(name, absl::ToDoubleSeconds(value)) {}

LogField::LogField(absl::string_view name, absl::Time value)
    : json_(Member(name, Quoted(Rfc3339(value)))) {}

LogField::LogField(absl::string_view name, int64_t value, IntegerTag)
    : json_(Member(name, absl::StrCat(value))) {}

LogField::LogField(absl::string_view name, const absl::Status& status)
    : json_(absl::StrCat(
          Member(name, Quoted(absl::StatusCodeToString(status.code()))), ",",
          Member(absl::StrCat(name, "_reason"), Quoted(ReasonOf(status))), ",",
          Member(absl::StrCat(name, "_message"), Quoted(status.message())))) {}

void InitializeLog(LogOptions options) {
  Output& output = GetOutput();
  absl::MutexLock lock(&output.mutex);
  output.options = std::move(options);
}

void SetLogSink(std::function<void(absl::string_view line)> sink) {
  Output& output = GetOutput();
  absl::MutexLock lock(&output.mutex);
  output.sink = std::move(sink);
}

void LogDebug(absl::string_view event, std::initializer_list<LogField> fields) {
  Log(LogLevel::kDebug, event, fields);
}

void LogInfo(absl::string_view event, std::initializer_list<LogField> fields) {
  Log(LogLevel::kInfo, event, fields);
}

void LogWarning(absl::string_view event,
                std::initializer_list<LogField> fields) {
  Log(LogLevel::kWarning, event, fields);
}

void LogError(absl::string_view event, std::initializer_list<LogField> fields) {
  Log(LogLevel::kError, event, fields);
}

}  // namespace rollcall
