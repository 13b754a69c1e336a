// Makes text of bytes that came from anywhere: the result is always valid
// UTF-8, so that JSON and protobuf accept it. Pure.
#ifndef ROLLCALL_COMMON_STATUS_UTF8_H_
#define ROLLCALL_COMMON_STATUS_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// The same text with every byte that is not part of a well-formed sequence
// (Unicode 15, table 3-7: no overlong forms, no surrogates) replaced by U+FFFD.
std::string ToValidUtf8(absl::string_view bytes);

// The same text cut to at most `max_bytes`, never inside a sequence; what was
// cut shows as `…` at the end. `text` is valid UTF-8, `max_bytes` at least 3.
std::string CutUtf8(absl::string_view text, size_t max_bytes);

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_STATUS_UTF8_H_
