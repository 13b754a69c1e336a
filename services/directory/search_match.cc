#include "services/directory/search_match.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall::directory {
namespace {

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isascii(c); });
}

enum class Kind { kOther, kLetter, kDigit };

Kind KindOf(char c) {
  if (absl::ascii_isalpha(c)) return Kind::kLetter;
  if (absl::ascii_isdigit(c)) return Kind::kDigit;
  return Kind::kOther;
}

}  // namespace

// Every piece of the query is somewhere in the name. Pieces are cut as finely
// as Graph may cut words: at everything that is neither letter nor digit,
// between the two, and before capitals.
bool MayMatch(absl::string_view display_name, absl::string_view query) {
  if (!IsAscii(display_name) || !IsAscii(query)) return true;
  const std::string name = absl::AsciiStrToLower(display_name);
  std::string piece;
  const auto is_there = [&] {
    const bool found = absl::StrContains(name, absl::AsciiStrToLower(piece));
    piece.clear();
    return found;
  };
  for (const char c : query) {
    const Kind kind = KindOf(c);
    const bool goes_on = !piece.empty() && kind == KindOf(piece.back()) &&
                         !absl::ascii_isupper(c);
    if (!goes_on && !is_there()) return false;
    if (kind != Kind::kOther) piece.push_back(c);
  }
  return is_there();
}

}  // namespace rollcall::directory
