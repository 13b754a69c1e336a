// The cursor that reconciliation keeps: a place in the changes of one directory
// of one history of the store. Opaque to whoever keeps it; it gives no
// authority. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_CHANGE_CURSOR_H_
#define ROLLCALL_SERVICES_DIRECTORY_CHANGE_CURSOR_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace rollcall::directory {

struct ChangeCursor {
  std::string incarnation;  // Of the store.
  std::string directory;    // Its id.
  uint64_t sequence = 0;

  std::string ToString() const;
  // None for anything that ToString did not make.
  static absl::optional<ChangeCursor> Parse(absl::string_view text);

  friend bool operator==(const ChangeCursor&, const ChangeCursor&) = default;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_CHANGE_CURSOR_H_
