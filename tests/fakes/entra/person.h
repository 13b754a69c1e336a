// Makes up one user. The result depends only on the random numbers drawn.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_PERSON_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_PERSON_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/fakes/entra/generator.h"
#include "tests/fakes/entra/prng.h"

namespace rollcall::entra {

struct Domains {
  absl::string_view initial;
  absl::string_view verified;
};

// The user number `ordinal`, who is in no group yet. Its short name contains
// the number, and is therefore unique, unless `same_short_names` says
// otherwise.
User MakePerson(const TenantOptions& options, const Domains& domains,
                int64_t ordinal, Prng& prng);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_PERSON_H_
