#include "tests/fakes/entra/link_origin.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace rollcall::entra {
namespace {

constexpr int64_t kDeceptions = 7;

std::string Deception(absl::string_view origin, int64_t turn) {
  absl::string_view authority = origin;
  absl::ConsumePrefix(&authority, "https://");
  const absl::string_view host = authority.substr(0, authority.find(':'));
  switch (turn % kDeceptions) {
    case 0:
      return "https://evil.test";
    case 1:
      return absl::StrCat("http://", authority);
    case 2:
      return absl::StrCat("https://", host, ".evil.test");
    case 3:
      return absl::StrCat("https://evil.test/?", origin);
    case 4:
      return absl::StrCat("https://", authority, "@evil.test");
    case 5:
      return absl::StrCat("https://", authority, "\\@evil.test");
    default:
      return "//evil.test";
  }
}

}  // namespace

std::string LinkOrigin(Faults& faults, absl::string_view origin,
                       absl::string_view target) {
  const std::optional<Fault> fault =
      faults.Strike(FaultKind::kForeignLink, target);
  if (!fault.has_value()) return std::string(origin);
  return fault->name.empty() ? Deception(origin, fault->turn) : fault->name;
}

}  // namespace rollcall::entra
