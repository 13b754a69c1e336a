#include "tests/fakes/entra/filter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/graph_error.h"

namespace rollcall::entra {
namespace {

using Op = Filter::Op;

constexpr size_t kMaxAlternatives = 15;
constexpr int kMaxDepth = 50;

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// A recursive descent over the text; the first error ends it.
class Parser {
 public:
  Parser(absl::string_view text, absl::Span<const PropertyInfo> properties,
         bool advanced)
      : text_(text), properties_(properties), advanced_(advanced) {}

  absl::StatusOr<Filter> Parse() {
    absl::StatusOr<Filter> filter = ParseOr(0);
    if (!filter.ok()) return filter;
    SkipSpaces();
    if (at_ != text_.size()) return SyntaxError();
    return filter;
  }

 private:
  absl::Status SyntaxError() const {
    return GraphError(400, "BadRequest",
                      absl::StrCat("Invalid filter clause: Syntax error at "
                                   "position ",
                                   at_, " in '", text_, "'."));
  }

  void SkipSpaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  bool Take(char c) {
    SkipSpaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // A word that is not the beginning of a longer one.
  bool TakeWord(absl::string_view word) {
    SkipSpaces();
    if (!absl::StartsWithIgnoreCase(text_.substr(at_), word)) return false;
    const size_t end = at_ + word.size();
    if (end < text_.size() && IsWordCharacter(text_[end])) return false;
    at_ = end;
    return true;
  }

  absl::string_view TakeName() {
    SkipSpaces();
    const size_t start = at_;
    while (at_ < text_.size() && IsWordCharacter(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  // operand (word operand)*
  template <typename ParseOperand>
  absl::StatusOr<Filter> ParseList(Op op, absl::string_view word,
                                   ParseOperand parse) {
    absl::StatusOr<Filter> first = parse();
    if (!first.ok() || !TakeWord(word)) return first;
    Filter list{.op = op};
    list.operands.push_back(*std::move(first));
    do {
      absl::StatusOr<Filter> next = parse();
      if (!next.ok()) return next;
      list.operands.push_back(*std::move(next));
    } while (TakeWord(word));
    return list;
  }

  absl::StatusOr<Filter> ParseOr(int depth) {
    if (depth > kMaxDepth) return SyntaxError();
    absl::StatusOr<Filter> result =
        ParseList(Op::kOr, "or", [&] { return ParseAnd(depth); });
    if (result.ok() && Alternatives(*result) > kMaxAlternatives) {
      return TooManyAlternatives(Alternatives(*result));
    }
    return result;
  }

  // How many clauses an OR joins, whatever the parentheses; `in` is one, too.
  static size_t Alternatives(const Filter& filter) {
    if (filter.op == Op::kIn) return filter.values.size();
    if (filter.op != Op::kOr) return 1;
    size_t count = 0;
    for (const Filter& operand : filter.operands) {
      count += Alternatives(operand);
    }
    return count;
  }

  absl::StatusOr<Filter> ParseAnd(int depth) {
    return ParseList(Op::kAnd, "and", [&] { return ParseUnary(depth); });
  }

  absl::StatusOr<Filter> ParseUnary(int depth) {
    if (TakeWord("not")) {
      if (!advanced_) return UnsupportedQuery("Unsupported Query.");
      if (depth > kMaxDepth) return SyntaxError();
      absl::StatusOr<Filter> operand = ParseUnary(depth + 1);
      if (!operand.ok()) return operand;
      Filter negation{.op = Op::kNot};
      negation.operands.push_back(*std::move(operand));
      return negation;
    }
    if (Take('(')) {
      absl::StatusOr<Filter> inner = ParseOr(depth + 1);
      if (inner.ok() && !Take(')')) return SyntaxError();
      return inner;
    }
    if (TakeWord("startswith")) return ParseFunction(Op::kStartsWith);
    if (TakeWord("endswith")) return ParseFunction(Op::kEndsWith);
    return ParseComparison();
  }

  absl::StatusOr<int> ParseProperty() {
    const absl::string_view name = TakeName();
    if (name.empty()) return SyntaxError();
    const std::optional<int> property = FindProperty(properties_, name);
    if (!property.has_value()) {
      return GraphError(400, "BadRequest",
                        absl::StrCat("Invalid filter clause: Could not find a "
                                     "property named '",
                                     name, "'."));
    }
    return *property;
  }

  absl::StatusOr<Filter> ParseFunction(Op op) {
    if (!Take('(')) return SyntaxError();
    const absl::StatusOr<int> property = ParseProperty();
    if (!property.ok()) return property.status();
    if (properties_[*property].many) return UnsupportedClause(*property);
    return ParseFunctionEnd(op, *property);
  }

  // , 'text')
  absl::StatusOr<Filter> ParseFunctionEnd(Op op, int property) {
    if (!Take(',')) return SyntaxError();
    absl::StatusOr<FilterValue> value = ParseValue();
    if (!value.ok()) return value.status();
    if (!Take(')')) return SyntaxError();
    const PropertyInfo& info = properties_[property];
    if (absl::Status status =
            Check(property,
                  op == Op::kStartsWith ? info.starts_with : info.ends_with);
        !status.ok()) {
      return status;
    }
    return Filter{.op = op, .property = property, .values = {*value}};
  }

  absl::StatusOr<Filter> ParseComparison() {
    const absl::StatusOr<int> property = ParseProperty();
    if (!property.ok()) return property.status();
    if (Take('/')) return ParseAny(*property);
    absl::StatusOr<Filter> filter =
        TakeWord("in") ? ParseIn(*property) : ParseOperator(*property);
    // groupTypes eq 'Unified' is no way to ask for one of many.
    if (filter.ok() && properties_[*property].many) {
      return UnsupportedClause(*property);
    }
    return filter;
  }

  absl::StatusOr<Filter> ParseOperator(int property) {
    constexpr std::pair<absl::string_view, Op> kOperators[] = {
        {"eq", Op::kEqual},
        {"ne", Op::kNotEqual},
        {"ge", Op::kGreaterOrEqual},
        {"le", Op::kLessOrEqual}};
    for (const auto& [word, op] : kOperators) {
      if (!TakeWord(word)) continue;
      absl::StatusOr<FilterValue> value = ParseValue();
      if (!value.ok()) return value.status();
      if (absl::Status status = Check(property, SupportOf(op, property));
          !status.ok()) {
        return status;
      }
      return Filter{.op = op, .property = property, .values = {*value}};
    }
    for (absl::string_view word : {"gt", "lt"}) {
      if (TakeWord(word)) return UnsupportedClause(property);
    }
    return SyntaxError();
  }

  FilterSupport SupportOf(Op op, int property) const {
    const PropertyInfo& info = properties_[property];
    if (op == Op::kGreaterOrEqual || op == Op::kLessOrEqual) {
      return info.compares;
    }
    return op == Op::kNotEqual && info.equals == FilterSupport::kDefault
               ? FilterSupport::kAdvanced
               : info.equals;
  }

  absl::StatusOr<Filter> ParseIn(int property) {
    if (!Take('(')) return SyntaxError();
    Filter filter{.op = Op::kIn, .property = property};
    do {
      absl::StatusOr<FilterValue> value = ParseValue();
      if (!value.ok()) return value.status();
      filter.values.push_back(*std::move(value));
    } while (Take(','));
    if (!Take(')')) return SyntaxError();
    if (filter.values.size() > kMaxAlternatives) {
      return TooManyAlternatives(filter.values.size());
    }
    if (absl::Status status = Check(property, properties_[property].in);
        !status.ok()) {
      return status;
    }
    return filter;
  }

  // any(x:x eq 'text') or any(x:startswith(x,'text')), after the slash.
  absl::StatusOr<Filter> ParseAny(int property) {
    if (!properties_[property].many) return SyntaxError();
    if (!TakeWord("any") || !Take('(')) return SyntaxError();
    const std::string variable(TakeName());
    if (variable.empty() || !Take(':')) return SyntaxError();
    absl::StatusOr<Filter> inner = SyntaxError();
    const bool starts = TakeWord("startswith");
    if (starts || TakeWord("endswith")) {
      if (!Take('(') || !TakeWord(variable)) return SyntaxError();
      inner =
          ParseFunctionEnd(starts ? Op::kStartsWith : Op::kEndsWith, property);
    } else if (TakeWord(variable)) {
      inner = TakeWord("in") ? ParseIn(property) : ParseOperator(property);
    }
    if (inner.ok() && !Take(')')) return SyntaxError();
    return inner;
  }

  absl::StatusOr<FilterValue> ParseValue() {
    SkipSpaces();
    if (Take('\'')) return ParseText();
    if (TakeWord("null")) return FilterValue(std::monostate());
    if (TakeWord("true")) return FilterValue(true);
    if (TakeWord("false")) return FilterValue(false);
    // A date, or something else without quotes: compared as it is written.
    const size_t start = at_;
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != ')' &&
           text_[at_] != ',') {
      ++at_;
    }
    if (start == at_ || !absl::ascii_isdigit(text_[start])) {
      at_ = start;
      return SyntaxError();
    }
    return FilterValue(std::string(text_.substr(start, at_ - start)));
  }

  // After the first quote; two of them inside stand for one.
  absl::StatusOr<FilterValue> ParseText() {
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != '\'') {
        value.push_back(c);
      } else if (at_ < text_.size() && text_[at_] == '\'') {
        value.push_back('\'');
        ++at_;
      } else {
        return FilterValue(std::move(value));
      }
    }
    return SyntaxError();
  }

  absl::Status Check(int property, FilterSupport support) const {
    if (!properties_[property].is_indexed()) {
      return UnsupportedQuery(
          "The request uses a filter property that is not indexed");
    }
    if (support == FilterSupport::kNone) return UnsupportedClause(property);
    if (support == FilterSupport::kAdvanced && !advanced_) {
      return UnsupportedQuery("Unsupported Query.");
    }
    return absl::OkStatus();
  }

  absl::Status UnsupportedClause(int property) const {
    return UnsupportedQuery(absl::StrCat(
        "Unsupported or invalid query filter clause specified for property '",
        properties_[property].name, "'."));
  }

  static absl::Status TooManyAlternatives(size_t count) {
    return UnsupportedQuery(absl::StrCat(
        "Too many child clauses specified in search filter expression "
        "containing 'OR' operators: ",
        count, ". Max allowed: ", kMaxAlternatives, "."));
  }

  const absl::string_view text_;
  const absl::Span<const PropertyInfo> properties_;
  const bool advanced_;
  size_t at_ = 0;
};

bool TextMatches(Op op, absl::string_view text, absl::string_view value) {
  switch (op) {
    case Op::kStartsWith:
      return absl::StartsWithIgnoreCase(text, value);
    case Op::kEndsWith:
      return absl::EndsWithIgnoreCase(text, value);
    case Op::kGreaterOrEqual:
      return absl::AsciiStrToLower(text) >= absl::AsciiStrToLower(value);
    case Op::kLessOrEqual:
      return absl::AsciiStrToLower(text) <= absl::AsciiStrToLower(value);
    default:
      return absl::EqualsIgnoreCase(text, value);
  }
}

bool ValueMatches(Op op, const FilterValue& have, const FilterValue& wanted) {
  const auto* wanted_text = std::get_if<std::string>(&wanted);
  if (wanted_text == nullptr) {
    return have == wanted;
  }
  if (const auto* text = std::get_if<std::string>(&have)) {
    return TextMatches(op, *text, *wanted_text);
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&have)) {
    return std::any_of(texts->begin(), texts->end(), [&](const auto& text) {
      return TextMatches(op, text, *wanted_text);
    });
  }
  return false;
}

}  // namespace

bool Filter::Matches(const PropertyReader& read) const {
  const auto matches = [&read](const Filter& operand) {
    return operand.Matches(read);
  };
  switch (op) {
    case Op::kAnd:
      return std::all_of(operands.begin(), operands.end(), matches);
    case Op::kOr:
      return std::any_of(operands.begin(), operands.end(), matches);
    case Op::kNot:
      return !operands.front().Matches(read);
    case Op::kNotEqual:
      return !ValueMatches(Op::kEqual, read(property), values.front());
    default: {
      const FilterValue have = read(property);
      return std::any_of(values.begin(), values.end(),
                         [&](const FilterValue& value) {
                           return ValueMatches(op, have, value);
                         });
    }
  }
}

absl::StatusOr<Filter> ParseFilter(absl::string_view text,
                                   absl::Span<const PropertyInfo> properties,
                                   bool advanced) {
  return Parser(text, properties, advanced).Parse();
}

}  // namespace rollcall::entra
