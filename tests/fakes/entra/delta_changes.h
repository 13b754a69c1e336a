// What pages of users and of groups have in common: which objects a round is
// about, what happened to one of them, and how a page is put together.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_DELTA_CHANGES_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_DELTA_CHANGES_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/entra/delta_link.h"
#include "tests/fakes/entra/delta_page.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

// What happened to one object within a round.
struct ObjectChange {
  bool is_new = false;  // created or restored
  bool is_restored = false;
  bool life_changed = false;
  PropertySet properties = 0;
};

// All changes to the object of the one at `last`, back to `from`.
ObjectChange Summarize(const ChangeLog& log, uint64_t from, uint32_t last);

// Whether a later change of the round concerns the same thing.
bool IsSuperseded(const ChangeLog& log, uint32_t at, uint64_t until);

// The objects that an initial round lists, by position: those of the filter,
// or all.
class RoundObjects {
 public:
  RoundObjects(const TenantState& state, const DeltaLink& link);

  uint64_t size() const { return filtered_ ? filtered_->size() : end_; }
  ObjectRef at(uint64_t position) const {
    return filtered_ ? (*filtered_)[position]
                     : ObjectRef(kind_, static_cast<uint32_t>(position));
  }

 private:
  const ObjectKind kind_;
  const uint64_t end_;
  std::optional<std::vector<ObjectRef>> filtered_;
};

bool PassesFilter(const DeltaLink& link, const Guid& id);

void WriteRemoved(const Guid& id, Life life, JsonWriter& json);

// An id that no object has, the same for the same ordinal.
Guid UnknownId(uint64_t ordinal);

// The objects of a page, each as JSON.
class PageObjects {
 public:
  size_t size() const { return objects_.size(); }
  std::string& Next() { return objects_.emplace_back(); }
  // A JSON array, in the order and number that the options want.
  std::string ToArray(const DeltaPageOptions& options) &&;

 private:
  std::vector<std::string> objects_;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_DELTA_CHANGES_H_
