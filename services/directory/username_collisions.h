// Finds users of one directory that map to the same username (A4) without
// keeping a million names: eight bytes a user first, then the names of those
// few only whose eight bytes are equal. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_USERNAME_COLLISIONS_H_
#define ROLLCALL_SERVICES_DIRECTORY_USERNAME_COLLISIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall::directory {

// Stands for a username; equal names have equal marks. Of this process only.
uint64_t MarkOf(absl::string_view username);

struct MarkedUser {
  uint64_t mark = 0;
  uint32_t user = 0;  // Its number.
};

// The users whose mark somebody else has too, ascending.
std::vector<uint32_t> FindSuspects(std::vector<MarkedUser> users);

struct NamedUser {
  std::string username;
  uint32_t user = 0;
};

// The users whose name somebody else has too, ascending: all of them collide,
// none is preferred.
std::vector<uint32_t> FindCollisions(std::vector<NamedUser> suspects);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_USERNAME_COLLISIONS_H_
