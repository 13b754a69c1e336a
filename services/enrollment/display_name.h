// Makes a name from the directory fit to be shown in a mail (reliability.md
// C3). Pure.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_DISPLAY_NAME_H_
#define ROLLCALL_SERVICES_ENROLLMENT_DISPLAY_NAME_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::enrollment {

// A name longer than this is cut; in code points.
inline constexpr int kMaxNameLength = 64;

// The name on one line of valid UTF-8: without control characters (C0, C1, line
// and paragraph separators), without characters that are invisible or turn the
// direction of writing, at most kMaxNameLength code points, and with a space
// wherever a mail program would otherwise see a link or an address. A name that
// is not UTF-8, or that holds CR, LF or NUL, is nobody's name but an attack:
// the answer is empty.
std::string CleanDisplayName(absl::string_view name);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_DISPLAY_NAME_H_
