// Somebody who follows a directory as reconciliation does: takes whoever is
// told, looks again at whoever is said to be gone, and reads everything once
// something was incomplete. Judged as it goes: nobody may be taken away whom
// the truth had in scope all the time (B3).
#ifndef ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_FOLLOWER_H_
#define ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_FOLLOWER_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/testing/simulated_clock.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/mirror_keeper.h"
#include "tests/system/differential/story.h"

namespace rollcall::directory {

// The directory that is followed.
inline constexpr char kTrialDirectory[] = "accounts/acme/directories/d1";
// Nobody begins two things within one instant.
inline constexpr absl::Duration kBetweenOperations = absl::Seconds(1);

// Of a line of the truth, which has it first.
std::string IdOfLine(const std::string& line);

struct TrialFollowerOptions {
  SimulatedClock& clock;
  Story& story;
  // What the tenant has in scope now, a line each, sorted.
  std::function<std::vector<std::string>()> truth;
  // Whether reads may fail at the moment.
  std::function<bool()> is_troubled;
  // A negative control: takes away whoever is said to be gone.
  bool trusts_gone_users = false;
};

// One thread.
class TrialFollower {
 public:
  explicit TrialFollower(TrialFollowerOptions options)
      : options_(std::move(options)) {}

  void ReadEverything(MirrorKeeper& keeper);
  // What changed; everything if that is not known any more.
  void ReadChanges(MirrorKeeper& keeper);
  // Whom nothing but trouble kept.
  void LookAgain(MirrorKeeper& keeper);
  absl::StatusOr<v1::ReadSourceUserResponse> ReadUser(MirrorKeeper& keeper,
                                                      const std::string& id);

  // To be called whenever the truth has changed: whoever is not in scope now
  // may be taken away, until it is told again.
  void NoteWhoIsOut();

  const std::map<std::string, v1::DesiredUser>& users() const { return users_; }
  bool is_complete() const { return complete_; }
  bool needs_everything() const { return needs_full_; }

 private:
  struct Stream;

  Stream Open(MirrorKeeper& keeper, v1::StreamDesiredStateRequest request);
  bool IsUsable(const Stream& stream);
  void Upsert(const v1::DesiredUser& user);
  void SecondLook(MirrorKeeper& keeper, const std::string& id);
  std::set<std::string> IdsInTruth() const;

  const TrialFollowerOptions options_;
  std::map<std::string, v1::DesiredUser> users_;
  std::set<std::string> doubtful_;  // Said to be gone, and not proved to be.
  std::string cursor_;
  bool complete_ = false;
  // Once something was incomplete, the cursor may be past a removal that was
  // not believed: everything is read again, later.
  bool needs_full_ = false;
  // Whom the truth had out of scope at some time since we were told of it.
  std::set<std::string> was_out_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_FOLLOWER_H_
