// What the reference model knows of the identity store: plain values in maps,
// without ids, indexes or rows.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_STATE_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_STATE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/system/model/desk.h"
#include "tests/system/model/held.h"

namespace rollcall::model {

enum class Status : uint8_t { kActive, kBypass, kDisabled };

// A directory manages a user, as this object of its tenant.
struct Claim {
  int object = 0;
  std::string upn;     // As the tenant has it.
  std::string origin;  // What the username was made from (R33, A3).

  friend bool operator==(const Claim&, const Claim&) = default;
};

struct Phone {
  std::string number;
  std::string directory;  // Empty: a person has added it (R47).

  friend bool operator==(const Phone&, const Phone&) = default;
};

struct User {
  std::string username;
  std::string display_name;
  std::string email;
  std::string note;
  Status status = Status::kActive;
  std::map<std::string, Claim> claims;  // By directory; none: a manual user.
  std::set<int> groups;                 // By the model's numbers.
  std::vector<Phone> phones;
  bool source_has_phone_data = false;
  std::set<std::string> devices;
  int64_t created = 0;  // Seconds.
  int64_t updated = 0;
  int64_t deleted = 0;  // 0: not in the trash.
  int deletions = 0;
  std::string pinned_by;  // The directory for which a run was undone (B5).

  bool in_trash() const { return deleted != 0; }
  bool pinned() const { return !pinned_by.empty(); }
  bool managed() const { return !claims.empty(); }
  friend bool operator==(const User&, const User&) = default;
};

struct Group {
  std::string display_name;
  Status status = Status::kActive;
  std::string directory;  // Empty: a manual group.
  int object = 0;
  bool has_strangers = false;  // Taken over, and not cleared yet (R45, R46).
  int64_t created = 0;
  int64_t updated = 0;

  friend bool operator==(const Group&, const Group&) = default;
};

struct State {
  // Numbers are never used twice (R64).
  std::map<int, User> users;
  std::map<int, Group> groups;
  // What runs have taken, nobody having been asked, by directory and danger:
  // the hour, and how much (B2).
  std::map<std::string, std::vector<std::pair<int64_t, int64_t>>> taken;
  std::map<std::string, Batches> held;  // By directory.
  std::multiset<std::string> closed;    // Batches of the past.
  std::map<std::string, Desk> desks;    // By directory.
  int next = 1;

  // By the numbers; 0: nobody. Names match in any case (R37).
  int FindUser(const std::string& username) const;
  int FindUser(const std::string& directory, int object) const;
  int FindGroup(const std::string& display_name) const;
  int FindGroup(const std::string& directory, int object) const;
};

std::string Lower(std::string text);
// A group's name without case and spaces around it.
std::string NameKey(const std::string& display_name);

// One line that says everything about a user or a group, members included.
std::string LineOf(const User& user, const State& state);
std::string LineOf(int group, const State& state);
// The same without its members.
std::string FieldsOf(const Group& group);
// A batch of the guard, and where it stands (B2).
std::string LineOf(const std::string& directory, const std::string& danger,
                   const std::string& state, const Batch& batch);
// What was decided of an object (B10).
std::string LineOf(const std::string& directory, bool of_group, int object,
                   const Decision& decision);
const char* NameOf(Choice choice);
// The groups that a change has taken a user out of.
std::string LeftLine(const User& before, const User& after, const State& state);
// Whether a user may authenticate, and why (R54, B13).
std::string AccessOf(const User& user, const State& state);
// All of it: users, groups, access, usage (A26), batches and decisions,
// in order.
std::vector<std::string> LinesOf(const State& state);

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_STATE_H_
