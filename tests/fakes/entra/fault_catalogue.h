// The thirty faults of section 7 of the protocol specification, and a few
// more: their numbers, their names, and how they look unless somebody says
// otherwise.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_FAULT_CATALOGUE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_FAULT_CATALOGUE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/faults.h"

namespace rollcall::entra {

struct CatalogueEntry {
  FaultKind kind;
  int number = 0;  // 0: not in the specification
  absl::string_view name;
  absl::string_view what;  // happens, in a few words
};

// One entry for each kind, in the order of the enum.
const std::vector<CatalogueEntry>& FaultCatalogue();

// The name in the control API: "status", "empty_page", ...
absl::string_view FaultName(FaultKind kind);
absl::StatusOr<FaultKind> ParseFaultKind(absl::string_view name);

// The kinds under a number, or the one of a name; empty if there is none.
std::vector<FaultKind> KindsOf(absl::string_view number_or_name);

// The fault as it is usually seen.
Fault UsualFault(FaultKind kind);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_FAULT_CATALOGUE_H_
