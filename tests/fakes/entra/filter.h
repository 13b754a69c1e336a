// The $filter option: parsed, checked against what Graph can filter by, and
// evaluated. The checks need no object, so a bad filter fails at once.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_FILTER_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_FILTER_H_

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tests/fakes/entra/properties.h"

namespace rollcall::entra {

// The value of a property as filters see it: null, a boolean, a text, texts.
using FilterValue =
    std::variant<std::monostate, bool, std::string, std::vector<std::string>>;
using PropertyReader = std::function<FilterValue(int property)>;

struct Filter {
  enum class Op {
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kGreaterOrEqual,
    kLessOrEqual,
    kIn,  // equal to any of the values
    kStartsWith,
    kEndsWith,
  };

  Op op = Op::kAnd;
  std::vector<Filter> operands;     // of kAnd, kOr and kNot
  int property = 0;                 // of the others
  std::vector<FilterValue> values;  // one, or those of kIn

  // Texts are compared without regard to case. A property that has many
  // values matches if one of them does.
  bool Matches(const PropertyReader& read) const;
};

// `advanced`: ConsistencyLevel: eventual and $count=true came along.
absl::StatusOr<Filter> ParseFilter(absl::string_view text,
                                   absl::Span<const PropertyInfo> properties,
                                   bool advanced);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_FILTER_H_
