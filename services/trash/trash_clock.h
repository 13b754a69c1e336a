// Decides when a user in the trash is purged (R60). Never early: the time that
// was promised is a lower bound, and so is a retention that has grown since
// (A21). Pure.
#ifndef ROLLCALL_SERVICES_TRASH_TRASH_CLOCK_H_
#define ROLLCALL_SERVICES_TRASH_TRASH_CLOCK_H_

#include <ostream>

#include "absl/time/time.h"
#include "services/trash/model.h"

namespace rollcall::trash {

// What is to be done with a user in the trash now. A value.
class Verdict {
 public:
  static Verdict KeepUntil(absl::Time time) { return Verdict(false, time); }
  static Verdict Purge() { return Verdict(true, absl::InfinitePast()); }

  bool is_purge() const { return is_purge_; }
  absl::Time keep_until() const { return keep_until_; }  // Unless is_purge().

  friend bool operator==(const Verdict&, const Verdict&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Verdict& verdict);

 private:
  Verdict(bool is_purge, absl::Time keep_until)
      : is_purge_(is_purge), keep_until_(keep_until) {}
  bool is_purge_;
  absl::Time keep_until_;
};

// What is promised to a user who is marked now. A negative retention counts as
// none.
absl::Time PurgeTime(absl::Time delete_time, absl::Duration retention);

// When the user may be purged: as promised, or later if the retention is longer
// today than it was then.
absl::Time PurgeTimeOf(const TrashEntry& entry, absl::Duration retention);

Verdict Judge(const TrashEntry& entry, absl::Time now,
              absl::Duration retention);

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_TRASH_CLOCK_H_
