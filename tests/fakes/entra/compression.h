// Compressed answers.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_COMPRESSION_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_COMPRESSION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::entra {

// In gzip format, made quickly rather than small.
std::string Gzip(absl::string_view text);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_COMPRESSION_H_
