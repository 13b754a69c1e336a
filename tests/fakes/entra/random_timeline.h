// Changes a tenant at random, one change at a time: users and groups come, go,
// come back, are renamed, nested, hidden and emptied. The same seed over the
// same tenant makes the same changes.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_RANDOM_TIMELINE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_RANDOM_TIMELINE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "tests/fakes/entra/prng.h"
#include "tests/fakes/entra/tenant.h"

namespace rollcall::entra {

struct TimelineOptions {
  // Ids of groups that are neither deleted nor renamed, such as those that a
  // sync has selected.
  std::vector<std::string> keep_groups;
  // Whether groups may hide their members.
  bool hide_memberships = true;
};

// One thread.
class RandomTimeline {
 public:
  RandomTimeline(Tenant& tenant, uint64_t seed, TimelineOptions options = {});

  // Makes one change, and says in one line what it was. Always finds one.
  std::string Step();

 private:
  using Outcome = std::optional<std::string>;  // nothing: not possible now
  struct Action {
    int weight;
    Outcome (RandomTimeline::*act)();
  };
  static const std::vector<Action>& Actions();

  Outcome AddUser();
  Outcome AddGuest();
  Outcome ReuseUpn();
  Outcome RenameUser();
  Outcome SwapUpns();
  Outcome ChangeName();
  Outcome SetMail();
  Outcome SetPhone();
  Outcome ClearField();
  Outcome ToggleEnabled();
  Outcome ToggleGuest();
  Outcome DeleteUser();
  Outcome RestoreUser();
  Outcome PurgeUser();
  Outcome AddGroup();
  Outcome RenameGroup();
  Outcome DeleteGroup();
  Outcome RestoreGroup();
  Outcome PurgeGroup();
  Outcome HideMembership();
  Outcome AddMember();
  Outcome RemoveMember();
  Outcome AddRemoveAdd();
  Outcome Nest();
  Outcome Unnest();

  std::optional<UserView> AnyUser();
  std::optional<GroupView> AnyGroup();
  std::optional<GroupView> AnyUnkeptGroup();
  // The id of a member of the group that passes.
  std::optional<std::string> MemberOf(
      const std::string& group, absl::FunctionRef<bool(ObjectRef)> passes);
  // Takes one out; empty if there is none.
  std::string Take(std::vector<std::string>& ids);
  std::string NewShortName();
  std::string Domain();

  Tenant& tenant_;
  Prng prng_;
  const TimelineOptions options_;
  uint64_t names_ = 0;
  std::vector<std::string> deleted_users_;   // by this timeline
  std::vector<std::string> deleted_groups_;  // likewise, and restorable
  std::vector<std::string> free_upns_;       // that somebody had before
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_RANDOM_TIMELINE_H_
