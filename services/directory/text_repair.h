// Turns JSON whose texts hold forbidden bytes into JSON that parses, so that
// the one object that holds them can be left out and the rest be read. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_TEXT_REPAIR_H_
#define ROLLCALL_SERVICES_DIRECTORY_TEXT_REPAIR_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::directory {

// The same bytes, with `\u0000` in the place of each of these inside strings: a
// byte that is not part of well-formed UTF-8, a control character, an escaped
// surrogate without its other half. No text of Graph holds a NUL, so a NUL
// marks the text as broken. Bytes outside of strings stay as they are.
std::string MarkBrokenText(absl::string_view json);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_TEXT_REPAIR_H_
