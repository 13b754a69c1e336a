// Single objects, and the plain number of `$count`.
#include "services/directory/graph_page.h"
#include "tests/fuzz/properties.h"

namespace rollcall::fuzz {
namespace {

template <typename Object>
void TellObject(const absl::StatusOr<Object>& object, Teller& teller) {
  if (!object.ok()) return teller.Tell(object.status());
  teller.Tell(*object);
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rollcall::fuzz;
  const absl::string_view body = View(data, size);
  RequireSameTwice([body](Teller& teller) {
    TellObject(rollcall::directory::ParseUser(body, kLimits), teller);
    TellObject(rollcall::directory::ParseGroup(body, kLimits), teller);
    const auto count = rollcall::directory::ParseCount(body);
    Require(count.value_or(0) >= 0, "a count is not negative");
    teller.Raw(absl::StrCat(count.value_or(-1)));
  });
  return 0;
}
