// Links, before a token goes there. The parser that decides is that of the
// library which connects; here another, plain one says where a link leads.
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "services/directory/graph_link.h"
#include "services/directory/tenant_pace.h"
#include "tests/fuzz/properties.h"

namespace rollcall::fuzz {
namespace {

constexpr absl::string_view kOrigin = "https://graph.test";

void RequireExactOrigin(absl::string_view link) {
  for (const char c : link) {
    Require(absl::ascii_isgraph(c) && c != '\\', "links are plain");
  }
  std::string lower = absl::AsciiStrToLower(link);
  // Leading zeros and the default port lead to the same place.
  const absl::string_view rest =
      absl::string_view(lower).substr(std::min(kOrigin.size(), lower.size()));
  Require(absl::StartsWith(lower, kOrigin), "links keep the origin");
  const absl::string_view port = rest.substr(0, rest.find('/'));
  Require(port.empty() || port[0] == ':', "hosts are whole");
  for (const char c : port.substr(port.empty() ? 0 : 1)) {
    Require(absl::ascii_isdigit(c), "ports are numbers");
  }
  const size_t four = port.find_first_not_of(":0");
  Require(four == absl::string_view::npos || port.substr(four) == "443",
          "ports are the default");
  const size_t path = link.find('/', kOrigin.size());
  Require(path != absl::string_view::npos &&
              absl::StartsWith(link.substr(path), "/v1.0/"),
          "links stay below the version");
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rollcall::fuzz;
  const absl::string_view link = View(data, size);
  const double units = rollcall::directory::ResourceUnits(link);
  Require(units >= 1 && units <= 6, "a request costs what the table says");
  RequireSameTwice([link](Teller& teller) {
    const absl::Status status =
        rollcall::directory::CheckGraphLink(link, kOrigin);
    if (!status.ok()) return teller.Tell(status);
    RequireExactOrigin(link);
  });
  return 0;
}
