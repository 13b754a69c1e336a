// What people may do to users and groups by hand, as behaviour.md says it (R47
// to R65, R95 to R98): every answer is `OK` or the reason of a refusal, which
// changes nothing.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_EDIT_RULES_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_EDIT_RULES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/system/model/outcome.h"
#include "tests/system/model/state.h"
#include "tests/system/model/tenant.h"

namespace rollcall::model {

// The fields to set.
struct UserEdit {
  std::optional<std::string> username;
  std::optional<std::string> display_name;
  std::optional<std::string> email;
  std::optional<std::string> note;
  std::optional<std::vector<std::string>> phones;
};

// Users and groups are named by the model's numbers. One use.
class Edit {
 public:
  Edit(State& state, const std::map<std::string, Tenant>& tenants, int64_t now,
       Planted planted)
      : state_(state), tenants_(tenants), now_(now), planted_(planted) {}

  Outcome CreateUser(const UserEdit& edit);
  Outcome UpdateUser(int number, const UserEdit& edit);
  Outcome SetStatus(int number, Status status);
  Outcome AddDevice(int number, const std::string& device);
  Outcome RemoveDevice(int number, const std::string& device);
  Outcome DeleteUser(int number);
  // For good, out of the trash (R60, R62).
  Outcome Purge(int number, int deletions);

  Outcome CreateGroup(const std::string& display_name);
  Outcome RenameGroup(int number, const std::string& display_name);
  Outcome SetGroupStatus(int number, Status status);
  Outcome DeleteGroup(int number, bool force);
  Outcome SetMember(int group, int user, bool member);

  // What is to become of an object of a directory's tenant (B10).
  Outcome Decide(const std::string& directory, bool of_group, int object,
                 const Decision& decision);

 private:
  // Why nothing of the user may be changed; empty: something may.
  std::string ReadOnly(const User& user) const;
  Outcome Change(int number, const User& after, const std::string& refusal);
  Outcome Erase(int number);
  Outcome ChangeGroup(int number, const Group& after);

  State& state_;
  const std::map<std::string, Tenant>& tenants_;
  const int64_t now_;
  const Planted planted_;
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_EDIT_RULES_H_
