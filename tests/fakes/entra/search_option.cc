#include "tests/fakes/entra/search_option.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/graph_error.h"

namespace rollcall::entra {
namespace {

// What is not ASCII counts as a letter.
bool IsLetter(char c) {
  return absl::ascii_isalpha(c) || static_cast<unsigned char>(c) >= 0x80;
}

absl::Status SyntaxError(absl::string_view text) {
  return GraphError(400, "BadRequest",
                    absl::StrCat("Syntax error: character '", text,
                                 "' is not valid in the $search clause."));
}

// The text up to the closing quote, with its escapes undone; moves `from`
// past it.
std::optional<std::string> TakeQuoted(absl::string_view& from) {
  if (!absl::ConsumePrefix(&from, "\"")) return std::nullopt;
  std::string text;
  while (!from.empty()) {
    char c = from.front();
    from.remove_prefix(1);
    if (c == '"') return text;
    if (c == '\\' && !from.empty()) {
      c = from.front();
      from.remove_prefix(1);
    }
    text.push_back(c);
  }
  return std::nullopt;
}

bool IsByWord(absl::string_view property) {
  return property == "displayName" || property == "description";
}

}  // namespace

std::vector<std::string> SearchWords(absl::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = IsLetter(c);
    const bool hump =
        i > 0 && absl::ascii_islower(text[i - 1]) && absl::ascii_isupper(c);
    if (!letter && !absl::ascii_isdigit(c)) {
      in_word = false;
      continue;
    }
    const bool digit_border =
        i > 0 && absl::ascii_isdigit(c) != absl::ascii_isdigit(text[i - 1]);
    if (!in_word || hump || digit_border) words.emplace_back();
    words.back().push_back(absl::ascii_tolower(c));
    in_word = true;
  }
  return words;
}

absl::StatusOr<SearchOption> SearchOption::Parse(
    absl::string_view text, absl::Span<const PropertyInfo> properties) {
  SearchOption option;
  option.alternatives_.emplace_back();
  absl::string_view rest = absl::StripAsciiWhitespace(text);
  while (true) {
    const std::optional<std::string> quoted = TakeQuoted(rest);
    if (!quoted.has_value()) return SyntaxError(rest);
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(*quoted, absl::MaxSplits(':', 1));
    const std::optional<int> property = FindProperty(properties, parts.first);
    if (!property.has_value()) return SyntaxError(parts.first);
    option.alternatives_.back().push_back(
        {.property = *property,
         .by_word = IsByWord(properties[*property].name),
         .text = std::string(parts.second),
         .words = SearchWords(parts.second)});
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (rest.empty()) return option;
    if (absl::ConsumePrefix(&rest, "OR ")) {
      option.alternatives_.emplace_back();
    } else if (!absl::ConsumePrefix(&rest, "AND ")) {
      return SyntaxError(rest);
    }
    rest = absl::StripLeadingAsciiWhitespace(rest);
  }
}

bool SearchOption::ClauseMatches(const Clause& clause,
                                 const PropertyReader& read) {
  const FilterValue value = read(clause.property);
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return false;
  if (!clause.by_word) return absl::StartsWithIgnoreCase(*text, clause.text);
  const std::vector<std::string> words = SearchWords(*text);
  return std::all_of(
      clause.words.begin(), clause.words.end(), [&](const auto& wanted) {
        return std::any_of(words.begin(), words.end(), [&](const auto& word) {
          return absl::StartsWith(word, wanted);
        });
      });
}

bool SearchOption::Matches(const PropertyReader& read) const {
  return std::any_of(
      alternatives_.begin(), alternatives_.end(), [&](const auto& clauses) {
        return std::all_of(
            clauses.begin(), clauses.end(),
            [&](const Clause& clause) { return ClauseMatches(clause, read); });
      });
}

}  // namespace rollcall::entra
