// What happens in one random life of an account: to the tenants, by syncs, by
// people, by time, and what goes wrong.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_TIMELINE_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_TIMELINE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/fakes/entra/prng.h"
#include "tests/system/model/tenant.h"

namespace rollcall::model {

struct Step {
  enum class Kind : uint8_t {
    kTenant,     // Some changes of a tenant.
    kConfigure,  // Which groups are selected, and the options.
    kFull,       // A full sync.
    kSingle,     // A sync of one user.
    kUser,       // Somebody does something to a user...
    kGroup,      // ... or to a group.
    kTime,       // Days pass; the trash is emptied.
    kChanges,    // A sync of what has changed.
    kApprove,    // Somebody approves what the guard holds.
    kPlan,       // A plan, and its application.
    kDesk,       // Somebody decides at the collision desk.
    kUndo,       // A run is undone.
  };
  Kind kind = Kind::kFull;
  uint64_t number = 0;  // Decides what exactly happens.
  bool crashes = false;

  std::string ToString() const;
};

// The life of a seed.
std::vector<Step> StepsOf(uint64_t seed);

// The tenants of two directories, `d1` and `d2`, as they are at first.
std::map<std::string, Tenant> FirstTenants(uint64_t seed);

// Each makes one change, and says which.
std::string ChangeTenant(entra::Prng& prng, Tenant& tenant);
std::string ChangeConfiguration(entra::Prng& prng, Tenant& tenant);

// Names that people choose, some of which tenants have too.
std::string AnyUsername(entra::Prng& prng);
std::string AnyGroupName(entra::Prng& prng);
std::string AnyPhone(entra::Prng& prng);

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_TIMELINE_H_
