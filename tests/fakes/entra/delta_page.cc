// The pages of users.

#include "tests/fakes/entra/delta_page.h"

#include <utility>

#include "tests/fakes/entra/delta_changes.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

class UsersPage {
 public:
  UsersPage(const TenantState& state, DeltaLink& link,
            const DeltaPageOptions& options)
      : state_(state), link_(link), options_(options) {}

  // Both return whether the round is done.
  bool All() {
    const RoundObjects round(state_, link_);
    for (; link_.position < round.size(); ++link_.position) {
      const User& user = state_.user(round.at(link_.position));
      if (user.life != Life::kLive && !options_.removed_in_initial) continue;
      if (IsFull()) return false;
      Write(user, {.is_new = true});
    }
    return true;
  }

  bool Changed() {
    const ChangeLog& log = state_.user_changes();
    for (; link_.position < link_.until; ++link_.position) {
      const auto at = static_cast<uint32_t>(link_.position);
      if (IsSuperseded(log, at, link_.until)) continue;
      const ObjectChange change = Summarize(log, link_.from, at);
      if (!change.life_changed && !(change.properties & link_.selected)) {
        continue;
      }
      const User& user = state_.user(log.at(at).object);
      if (!PassesFilter(link_, user.id)) continue;
      if (IsFull()) return false;
      Write(user, change);
    }
    return true;
  }

  std::string Take() {
    if (options_.unknown_removed) {
      JsonWriter json(objects_.Next());
      WriteRemoved(UnknownId(link_.position), Life::kGone, json);
    }
    return std::move(objects_).ToArray(options_);
  }

 private:
  bool IsFull() const { return objects_.size() >= options_.page_size; }

  void Write(const User& user, const ObjectChange& change) {
    if (user.life != Life::kLive) {
      if (options_.silent_deletions) return;
      JsonWriter json(objects_.Next());
      return WriteRemoved(user.id, user.life, json);
    }
    PropertySet properties = link_.selected;
    if (options_.minimal && !change.is_new && !options_.unchanged_too) {
      properties &= change.properties | Bit(UserProperty::kId);
    }
    if (options_.blank && !change.is_new) {
      properties = Bit(UserProperty::kId);
      link_.resume = link_.from;
    }
    // A property that never was anything is left out; one that has just
    // become null is said to be null.
    const Nulls never_set = options_.nulls ? Nulls::kWrite : Nulls::kOmit;
    const PropertySet changed = properties & change.properties;
    JsonWriter json(objects_.Next());
    json.BeginObject();
    WriteUser(user, properties & ~changed, never_set, json);
    WriteUser(user, changed, Nulls::kWrite, json);
    json.EndObject();
  }

  const TenantState& state_;
  DeltaLink& link_;
  const DeltaPageOptions& options_;
  PageObjects objects_;
};

}  // namespace

DeltaPage UsersDeltaPage(const TenantState& state, DeltaLink& link,
                         const DeltaPageOptions& options) {
  UsersPage page(state, link, options);
  const bool done = link.initial ? page.All() : page.Changed();
  return {.value = page.Take(), .done = done};
}

}  // namespace rollcall::entra
