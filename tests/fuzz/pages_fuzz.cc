// Pages of users, groups, members and ids.
#include "services/directory/graph_page.h"
#include "tests/fuzz/properties.h"

namespace rollcall::fuzz {
namespace {

template <typename Object>
void TellPage(const absl::StatusOr<directory::Page<Object>>& page,
              Teller& teller) {
  if (!page.ok()) return teller.Tell(page.status());
  Require(page->items.size() + page->skipped.size() <= kLimits.max_items,
          "pages keep the limit");
  for (const Object& item : page->items) teller.Tell(item);
  teller.Tell(page->skipped);
  teller.TellLink(page->next_link);
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rollcall::fuzz;
  using namespace rollcall::directory;
  const absl::string_view body = View(data, size);
  // Nothing may be left of what a page held before.
  static Page<SourceUser> used;
  RequireSameTwice([body](Teller& teller) {
    const auto page = ParseUserPageInto(std::move(used), body, kLimits);
    TellPage(page, teller);
    used = page.value_or(Page<SourceUser>());
    TellPage(ParseUserPage(body, kLimits), teller);
    TellPage(ParseGroupPage(body, kLimits), teller);
    TellPage(ParseMemberPage(body, kLimits), teller);
    TellPage(ParseIdPage(body, kLimits), teller);
  });
  return 0;
}
