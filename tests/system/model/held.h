// What a sync wants to take from users, and what the guard holds of it (B2).
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_HELD_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_HELD_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace rollcall::model {

// From one user; due once the reading is proved complete (R30).
struct Taking {
  int user = 0;  // The model's number; 0: as the object is linked.
  bool absent = false;
  bool disable = false;
  bool clear_email = false;
  bool merge = false;  // Into a user whom nobody manages.
  std::set<int> leave;

  bool empty() const {
    return !absent && !disable && !clear_email && !merge && leave.empty();
  }
};

// What is held of one danger of one directory.
struct Batch {
  int64_t count = 0;  // When it was judged last, ...
  int64_t live = 0;
  int percent = 0;
  int limit = 0;
  int64_t changes = 0;
  // By object; of MEMBERS_REMOVED by the negative number of the user.
  std::map<int, Taking> rows;
};

// By danger: REMOVED, DISABLED, GROUPS_EMPTIED, MERGED, EMAILS_CLEARED,
// MEMBERS_REMOVED.
using Batches = std::map<std::string, Batch>;

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_HELD_H_
