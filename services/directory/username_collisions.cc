#include "services/directory/username_collisions.h"

#include <algorithm>

#include "absl/hash/hash.h"

namespace rollcall::directory {
namespace {

// The users whose key somebody else has too.
template <typename Entry, typename Key>
std::vector<uint32_t> SharingAKey(std::vector<Entry>& entries, Key key) {
  std::sort(entries.begin(), entries.end(),
            [&key](const Entry& a, const Entry& b) { return key(a) < key(b); });
  std::vector<uint32_t> sharing;
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool as_before = i > 0 && key(entries[i - 1]) == key(entries[i]);
    const bool as_after =
        i + 1 < entries.size() && key(entries[i]) == key(entries[i + 1]);
    if (as_before || as_after) sharing.push_back(entries[i].user);
  }
  std::sort(sharing.begin(), sharing.end());
  return sharing;
}

}  // namespace

// Abseil's hash is seeded by the process: nobody outside can aim at it.
uint64_t MarkOf(absl::string_view username) {
  return absl::Hash<absl::string_view>()(username);
}

std::vector<uint32_t> FindSuspects(std::vector<MarkedUser> users) {
  return SharingAKey(users, [](const MarkedUser& user) { return user.mark; });
}

std::vector<uint32_t> FindCollisions(std::vector<NamedUser> suspects) {
  return SharingAKey(suspects, [](const NamedUser& user) {
    return absl::string_view(user.username);
  });
}

}  // namespace rollcall::directory
