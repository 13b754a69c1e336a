// What people have decided of a directory's objects at the collision desk
// (B10).
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_DESK_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_DESK_H_

#include <cstdint>
#include <map>
#include <string>

namespace rollcall::model {

enum class Choice : uint8_t { kPreset, kAdopt, kSkip, kRename };

struct Decision {
  Choice choice = Choice::kPreset;
  std::string name;  // Of kRename.
};

// By object; who is not in it is as the preset says.
struct Desk {
  std::map<int, Decision> users;
  std::map<int, Decision> groups;

  Decision OfUser(int object) const { return Of(users, object); }
  Decision OfGroup(int object) const { return Of(groups, object); }

 private:
  static Decision Of(const std::map<int, Decision>& decisions, int object) {
    auto found = decisions.find(object);
    return found == decisions.end() ? Decision() : found->second;
  }
};

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_DESK_H_
