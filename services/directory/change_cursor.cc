#include "services/directory/change_cursor.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rollcall::directory {
namespace {

constexpr absl::string_view kVersion = "1";

}  // namespace

std::string ChangeCursor::ToString() const {
  return absl::WebSafeBase64Escape(
      absl::StrCat(kVersion, "/", incarnation, "/", directory, "/", sequence));
}

absl::optional<ChangeCursor> ChangeCursor::Parse(absl::string_view text) {
  std::string plain;
  if (!absl::WebSafeBase64Unescape(text, &plain)) return absl::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(plain, '/');
  ChangeCursor cursor;
  if (parts.size() != 4 || parts[0] != kVersion ||
      !absl::SimpleAtoi(parts[3], &cursor.sequence)) {
    return absl::nullopt;
  }
  cursor.incarnation = parts[1];
  cursor.directory = parts[2];
  if (cursor.ToString() != text) return absl::nullopt;
  return cursor;
}

}  // namespace rollcall::directory
