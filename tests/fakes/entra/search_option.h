// The $search option: clauses in double quotes, joined by AND and OR.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_SEARCH_OPTION_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_SEARCH_OPTION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tests/fakes/entra/filter.h"
#include "tests/fakes/entra/properties.h"

namespace rollcall::entra {

// AND binds stronger than OR, as there are no parentheses.
class SearchOption {
 public:
  static absl::StatusOr<SearchOption> Parse(
      absl::string_view text, absl::Span<const PropertyInfo> properties);

  // displayName and description match word by word, in any order, each word
  // by its beginning; other properties match by their beginning.
  bool Matches(const PropertyReader& read) const;

 private:
  struct Clause {
    int property;
    bool by_word;
    std::string text;
    std::vector<std::string> words;
  };
  static bool ClauseMatches(const Clause& clause, const PropertyReader& read);

  std::vector<std::vector<Clause>> alternatives_;
};

// Lower-case words: split at what is no letter, and where a capital follows a
// small letter.
std::vector<std::string> SearchWords(absl::string_view text);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_SEARCH_OPTION_H_
