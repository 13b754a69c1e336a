// Writes JSON (RFC 8259) to the end of a string. The output is well-formed as
// long as calls nest properly; text is taken as UTF-8 and passed on as it is.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_JSON_WRITER_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_JSON_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::entra {

// One thread. Commas are its business: callers only say what comes next.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }

  // A name inside an object; a value must follow.
  JsonWriter& Key(absl::string_view name);

  JsonWriter& String(absl::string_view text);
  JsonWriter& Int(int64_t value);
  JsonWriter& Double(double value);
  JsonWriter& Bool(bool value) { return Raw(value ? "true" : "false"); }
  JsonWriter& Null() { return Raw("null"); }
  // A value that is JSON already.
  JsonWriter& Raw(absl::string_view json);

  // Key and value at once, for the many short members.
  JsonWriter& Member(absl::string_view name, absl::string_view text) {
    return Key(name).String(text);
  }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void BeforeValue() {
    if (comma_) out_.push_back(',');
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;
};

// Appends `text` in quotes, with what must be escaped escaped.
void AppendJsonString(absl::string_view text, std::string& out);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_JSON_WRITER_H_
