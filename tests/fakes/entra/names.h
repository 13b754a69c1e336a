// Names of people in many scripts, each with its form in plain ASCII, which
// user principal names are made of.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_NAMES_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_NAMES_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rollcall::entra {

struct Name {
  absl::string_view native;
  absl::string_view ascii;  // lower case
};

// A culture whose given names and surnames go together.
struct Culture {
  absl::string_view language;  // BCP 47, like preferredLanguage
  bool surname_first;
  absl::string_view between;  // what separates the two in a display name
  absl::Span<const Name> given;
  absl::Span<const Name> surnames;
};

absl::Span<const Culture> Cultures();

absl::Span<const absl::string_view> JobTitles();
absl::Span<const absl::string_view> OfficeLocations();
// First and second words of the names of groups outside the departments.
absl::Span<const absl::string_view> GroupKinds();
absl::Span<const absl::string_view> GroupTopics();

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_NAMES_H_
