// What a sync does, as behaviour.md says it (R24 to R80, A3 to A24): maps in,
// maps out. Written from the rules, not from the service's code, so that each
// is a check of the other.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_SYNC_RULES_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_SYNC_RULES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/system/model/held.h"
#include "tests/system/model/outcome.h"
#include "tests/system/model/state.h"
#include "tests/system/model/tenant.h"

namespace rollcall::model {

// What becomes of a selected group.
struct GroupFate {
  enum class Kind : uint8_t {
    kKept,      // As it is, perhaps in another case.
    kMissing,   // A7
    kLeftOut,   // B10
    kConflict,  // A24
    kNamed,     // Gets its name: renamed, created, or
    kTakesOver  // R45, R46
  };
  Kind kind = Kind::kKept;
  std::string name;
  int taken_over = 0;  // Our number.
};

struct NewName {
  std::string name;  // Empty: none.
  std::string rule;
};

// One sync of one directory. One use.
class Sync {
 public:
  Sync(State& state, std::string directory, const Tenant& tenant, int64_t now,
       Planted planted)
      : state_(state),
        directory_(std::move(directory)),
        tenant_(tenant),
        now_(now),
        planted_(planted),
        scope_(ScopeOf(tenant)),
        desk_(state.desks[directory_]) {}

  // Everything (R66).
  Outcome Full();
  // The same, as a plan (B1): what it says, and what its application does.
  Outcome Planned();
  // Whom the source tells to have changed since the last reading, and nobody
  // else (B6).
  Outcome Changes(const std::map<int, Wanted>& last_reading);
  // One user, by user principal name (R71 to R81).
  Outcome One(const std::string& upn);
  // What the guard has held of a danger, as far as it is still so (B2).
  Outcome Approved(const std::string& danger);

 private:
  using Rules = std::set<std::string>;

  // Groups come first.
  std::map<int, GroupFate> PlanGroups(
      const std::map<int, Decision>& desk) const;
  void MatchGroups();
  void NoteLinks();

  // Then users, who are given what is theirs...
  void Meet(const Wanted& wanted);
  // What is to be taken from the user comes after it.
  std::string Seen(const Wanted& wanted, bool may_merge, Taking* rest);
  std::string Create(const Wanted& wanted, const std::string& username);
  std::string Merge(const Wanted& wanted, int number, Taking* rest);
  Taking Give(const Wanted& wanted, bool may_wait, User& user, Rules* rules);
  // The other name that the user is due, were it not for the desk.
  NewName NameDue(const Wanted& wanted, const User& user) const;
  void Rename(const Wanted& wanted, bool may_wait, User& user, Rules* rules);
  void GiveName(const NewName& name, User& user, Rules* rules);
  void SettleNames();
  bool IsOurs(int number) const;
  // Whether a user who came before waits for the name.
  bool IsAwaited(const std::string& name) const;
  void SetPhones(const Wanted& wanted, User& user, Rules* rules) const;
  // ... and from whom the rest is taken.
  void Take(const Taking& taking, User& user, Rules* rules);
  void CarryOut(int object, Taking taking, bool complete);
  std::string Remove(int number);

  // Whom the directory manages under a user principal name; 0: nobody.
  int ObjectCalled(const std::string& upn) const;
  bool LeavesPinned(const User& user);
  // Whoever is in scope no longer is missed, if the directory manages him.
  void Miss(int object);
  Outcome TakeAndFinish();

  // What the desk is told of (B10): what would be without any decision.
  void NoteUser(const Wanted& wanted);
  void NoteKept(int object);
  void NoteGroups();
  void Note(const std::string& kind, int object, const std::string& name,
            const Decision& decision, const std::string& rule, int in_the_way);

  // The guard holds what would be taken too often (B2).
  int64_t CountLive() const;
  void Guard(bool complete);
  void Judge(const std::string& danger, int64_t rows, int64_t live);
  int64_t TakenWithinADay(const std::string& danger) const;
  void NoteTaken(const std::string& danger, int64_t rows);
  void NoteTaken(const User& before, const User& after);
  void NoteEmptied();
  std::string DangerOfRemoving(int number) const;
  void Hold(const std::string& danger, int object, const Taking& taking);
  void HoldPartsOf(int object, int number, Taking* taking);
  void DropHeld(int object);
  void Settle(bool knows_all);
  void CarryOutApproved(int object, const Taking& held);

  // Last, groups that are what they were not.
  bool LosesStrangers(int number) const;
  bool IsUnknownIn(const User& user, int group) const;
  bool IsStranger(const User& user, int group) const;
  void GuardStrangers();
  void ClearStrangers();
  void HoldStranger(int member, int group);
  void LeaveAsStranger(int member, const std::set<int>& groups);
  void CarryOutStranger(const Taking& held);
  void ReleaseGroups();

  bool IsOwn(int group) const;
  std::set<int> WantedGroups(const Wanted& wanted) const;
  bool Tell(int number, const User& before, const std::string& kind,
            const Rules& rules);
  void TellGroup(int number, const std::string& rule);
  void Count(const std::string& counter, int64_t by = 1);
  Outcome Finish();

  State& state_;
  const std::string directory_;
  const Tenant& tenant_;
  const int64_t now_;
  const Planted planted_;
  const std::map<int, Wanted> scope_;
  const Desk& desk_;
  bool is_plan_ = false;
  bool at_once_ = false;       // Of one user: taking and giving are one change.
  std::map<int, int> linked_;  // Our numbers of selected groups, by object.
  std::set<int> missing_;      // Our numbers.
  std::map<int, Taking> takings_;
  std::set<int> told_;  // Objects that a run of changes tells about.
  std::map<int, NewName> waiting_;  // For a name that another one has.
  int64_t live_ = 0;                // Whom the directory managed at first.
  // What is held of this sync: objects by danger.
  std::map<std::string, std::set<int>> held_;
  std::set<int> emptied_;             // Groups that it must not empty, ...
  std::set<int> emptying_;            // ... and that it may.
  std::map<int, std::string> fates_;  // CREATED, UPDATED ... by object.
  Outcome outcome_;
  RunResult run_;
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_SYNC_RULES_H_
