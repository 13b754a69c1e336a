// What a link of a delta query says: the round, and the place in it.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_DELTA_LINK_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_DELTA_LINK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tests/fakes/entra/page_token.h"
#include "tests/fakes/entra/properties.h"

namespace rollcall::entra {

struct DeltaLink {
  bool is_users = true;
  bool initial = true;      // the round lists all objects
  uint64_t generation = 0;  // of the server's memory; another one is 410
  int64_t issued = 0;       // seconds since 1970
  PropertySet selected = 0;
  uint64_t from = 0;      // the changes of the round are in the change
  uint64_t until = 0;     // log at [from, until)
  uint64_t resume = 0;    // where the changes of the next round begin
  uint64_t end = 0;       // if initial: objects below this
  uint64_t slice = 1;     // members of one group at a time
  uint64_t position = 0;  // next object if initial, else next change
  uint64_t offset = 0;    // first member of the slices at hand
  uint64_t empties = 0;   // empty pages since the last one that was not
  bool poisoned = false;  // is refused, as if it had expired
  std::string ids;        // of the filter, 36 characters each

  PageToken ToToken() const;
  static std::optional<DeltaLink> FromToken(const PageToken& token);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_DELTA_LINK_H_
