// What changed in a tenant, in order. Nothing is ever taken out, so that a
// position in it is a place in time.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_CHANGE_LOG_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_CHANGE_LOG_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/objects.h"
#include "tests/fakes/entra/properties.h"

namespace rollcall::entra {

enum class ChangeKind : uint8_t {
  kCreated,
  kUpdated,
  kSoftDeleted,
  kGone,  // deleted for good
  kRestored,
  kMemberAdded,
  kMemberRemoved,
};

struct Change {
  ChangeKind kind;
  ObjectRef object;            // the user or group
  ObjectRef member;            // with kMemberAdded and kMemberRemoved
  PropertySet properties = 0;  // with kUpdated: those that changed
  int64_t unix_millis = 0;     // when
};

// One per collection. Not thread-safe.
class ChangeLog {
 public:
  static constexpr uint32_t kNone = ~0u;

  // A change that claims to be older than the last one is as old as that.
  void Append(Change change);
  // How many changes had happened by then.
  uint32_t SizeAt(absl::Time time) const;
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  const Change& at(uint32_t position) const {
    return entries_[position].change;
  }
  // The neighbours that concern the same object, or the same pair of group
  // and member; kNone when there is none.
  uint32_t PreviousOf(uint32_t position) const {
    return entries_[position].previous;
  }
  uint32_t NextOf(uint32_t position) const { return entries_[position].next; }

 private:
  struct Entry {
    Change change;
    uint32_t previous = kNone;
    uint32_t next = kNone;
  };
  std::vector<Entry> entries_;
  absl::flat_hash_map<uint64_t, uint32_t> last_;  // by object and member
};

inline void ChangeLog::Append(Change change) {
  if (!entries_.empty()) {
    change.unix_millis =
        std::max(change.unix_millis, entries_.back().change.unix_millis);
  }
  const uint64_t subject =
      uint64_t{change.object.raw()} << 32 | change.member.raw();
  Entry entry{.change = change};
  const auto [it, is_new] = last_.try_emplace(subject, size());
  if (!is_new) {
    entry.previous = it->second;
    entries_[it->second].next = size();
    it->second = size();
  }
  entries_.push_back(entry);
}

inline uint32_t ChangeLog::SizeAt(absl::Time time) const {
  const int64_t millis = absl::ToUnixMillis(time);
  const auto it = std::partition_point(
      entries_.begin(), entries_.end(), [millis](const Entry& entry) {
        return entry.change.unix_millis <= millis;
      });
  return static_cast<uint32_t>(it - entries_.begin());
}

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_CHANGE_LOG_H_
