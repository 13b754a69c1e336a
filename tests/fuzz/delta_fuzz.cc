// Pages of delta rounds.
#include "services/directory/delta_page.h"
#include "tests/fuzz/properties.h"

namespace rollcall::fuzz {
namespace {

using directory::DeltaPage;
using directory::GroupChange;
using directory::MemberChange;
using directory::UserChange;

size_t TellChange(const UserChange& change, Teller& teller) {
  teller.Tell(change.user);
  teller.Tell(change.removal.has_value());
  return 0;
}

size_t TellChange(const GroupChange& change, Teller& teller) {
  teller.Tell(change.group);
  teller.Tell(change.removal.has_value());
  for (const MemberChange& member : change.members) {
    teller.Tell(member.member);
    teller.Tell(member.removed);
  }
  return change.members.size();
}

template <typename Change>
void TellPage(const absl::StatusOr<DeltaPage<Change>>& page, Teller& teller) {
  if (!page.ok()) return teller.Tell(page.status());
  Require(page->items.size() <= kLimits.max_items, "pages keep the limit");
  size_t members = 0;
  for (const Change& item : page->items) members += TellChange(item, teller);
  Require(members <= kLimits.max_members, "members keep the limit");
  teller.Tell(page->skipped);
  Require(page->next_link.has_value() != page->delta_link.has_value(),
          "a page leads to exactly one place");
  teller.TellLink(page->next_link);
  teller.TellLink(page->delta_link);
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rollcall::fuzz;
  const absl::string_view body = View(data, size);
  RequireSameTwice([body](Teller& teller) {
    TellPage(rollcall::directory::ParseUserDelta(body, kLimits), teller);
    TellPage(rollcall::directory::ParseGroupDelta(body, kLimits), teller);
  });
  return 0;
}
