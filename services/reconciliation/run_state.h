// Says where a run goes on after a crash (B12), what its reading is worth, and
// how the run ends. Pure.
//
// A run's place moves in the same batch as the rows it is about:
//
//   READING    the stream is open, nothing of it is applied yet
//   APPLYING   groups are applied, users are being compared in key order; what
//              must wait for proof is withheld, in rows of its own
//   REMOVING   the trailer is stored; withheld rows are carried out (complete)
//              or dropped (not complete), each deleted with its effect
//   RELEASING  groups no longer selected are emptied and released
//   ENDED
//
// From REMOVING on the source is not needed any more.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_STATE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall::reconciliation {

enum class RunPhase { kReading, kApplying, kRemoving, kReleasing, kEnded };

// Where a run is, as it is stored.
struct RunPlace {
  RunPhase phase = RunPhase::kReading;
  int64_t attempt = 0;    // Counts readings; 0: none has begun.
  std::string read_id;    // The reading that is applied.
  std::string through;    // Users up to this source id are done.
  bool complete = false;  // The trailer proved completeness.

  friend bool operator==(const RunPlace&, const RunPlace&) = default;
};

// Whether a run at this place needs the stream.
bool NeedsStream(const RunPlace& place);

// The place after a stream has opened with this reading. The same reading goes
// on where it was; another one begins a new attempt, from the first user:
// nothing that the old one said may be mixed with what the new one says.
RunPlace OnHeader(const RunPlace& place, absl::string_view read_id);

// The place after a phase is over.
RunPlace NextPhase(const RunPlace& place);

struct Problem {
  std::string reason;
  std::string message;

  friend bool operator==(const Problem&, const Problem&) = default;
};

// What is known when the trailer has come.
struct ReadingFacts {
  bool complete = false;  // What the trailer says.
  std::vector<std::string> incomplete_reasons;
  int64_t users_streamed = 0;  // What came...
  int64_t users_announced = 0;
  int64_t groups_streamed = 0;
  int64_t groups_announced = 0;  // ... and what the trailer says has come.
  std::vector<std::string> unanswered_groups;  // Selected, but not streamed.
  std::vector<std::string> missing_groups;     // Streamed as missing (A7).
  std::vector<std::string> name_conflicts;     // Held by A24.
};

struct ReadingVerdict {
  bool complete = false;  // Somebody may be removed or disabled (R30).
  std::vector<Problem> problems;
};

// Complete only if the trailer says so and the counts tie out (R30, B3).
ReadingVerdict JudgeReading(const ReadingFacts& facts);

// Whether trying again may help; anything else ends the run. `reason` is empty
// if the error does not come from a service of ours but from the transport.
bool IsWorthRetrying(absl::StatusCode code, absl::string_view reason);

// After this many failed tries the run ends as FAILED (invariant 28): with the
// waits between them, some five minutes.
inline constexpr int kMaxTries = 10;

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_STATE_H_
