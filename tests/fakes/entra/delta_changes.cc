#include "tests/fakes/entra/delta_changes.h"

#include <algorithm>

namespace rollcall::entra {
namespace {

constexpr size_t kGuidSize = 36;
constexpr size_t kDuplicated = 3;
constexpr uint64_t kUnknownIds = 500;  // stream of Guid::FromSeed

}  // namespace

ObjectChange Summarize(const ChangeLog& log, uint64_t from, uint32_t last) {
  ObjectChange summary;
  for (uint32_t at = last; at != ChangeLog::kNone && at >= from;
       at = log.PreviousOf(at)) {
    const Change& change = log.at(at);
    summary.properties |= change.properties;
    if (change.kind == ChangeKind::kUpdated) continue;
    summary.life_changed = true;
    summary.is_restored |= change.kind == ChangeKind::kRestored;
    summary.is_new |= change.kind == ChangeKind::kRestored ||
                      change.kind == ChangeKind::kCreated;
  }
  return summary;
}

bool IsSuperseded(const ChangeLog& log, uint32_t at, uint64_t until) {
  const uint32_t next = log.NextOf(at);
  return next != ChangeLog::kNone && next < until;
}

uint64_t ObjectsAt(const ChangeLog& log, uint64_t size, uint64_t objects_now) {
  for (uint64_t at = size; at < log.size(); ++at) {
    const Change& change = log.at(static_cast<uint32_t>(at));
    if (change.kind == ChangeKind::kCreated) return change.object.index();
  }
  return objects_now;
}

RoundObjects::RoundObjects(const TenantState& state, const DeltaLink& link)
    : kind_(link.is_users ? ObjectKind::kUser : ObjectKind::kGroup),
      end_(link.end) {
  if (link.ids.empty()) return;
  std::vector<ObjectRef> found;
  for (size_t i = 0; i + kGuidSize <= link.ids.size(); i += kGuidSize) {
    const auto id = Guid::Parse(link.ids.substr(i, kGuidSize));
    const auto ref = id ? state.Find(*id) : std::nullopt;
    if (ref && ref->kind() == kind_ && ref->index() < end_) {
      found.push_back(*ref);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  filtered_ = std::move(found);
}

bool PassesFilter(const DeltaLink& link, const Guid& id) {
  if (link.ids.empty()) return true;
  const std::string text = id.ToString();
  for (size_t i = 0; i + kGuidSize <= link.ids.size(); i += kGuidSize) {
    if (link.ids.compare(i, kGuidSize, text) == 0) return true;
  }
  return false;
}

void WriteRemoved(const Guid& id, Life life, JsonWriter& json) {
  json.BeginObject()
      .Member("id", id.ToString())
      .Key("@removed")
      .BeginObject()
      .Member("reason", life == Life::kGone ? "deleted" : "changed")
      .EndObject()
      .EndObject();
}

Guid UnknownId(uint64_t ordinal) {
  return Guid::FromSeed(kUnknownIds, kUnknownIds, ordinal);
}

std::string PageObjects::ToArray(const DeltaPageOptions& options) && {
  if (options.unordered) std::reverse(objects_.begin(), objects_.end());
  std::string array = "[";
  const auto append = [&array](const std::string& object) {
    if (array.size() > 1) array.push_back(',');
    array += object;
  };
  for (const std::string& object : objects_) append(object);
  if (options.duplicates) {
    for (size_t i = 0; i < std::min(kDuplicated, size()); ++i) {
      append(objects_[i]);
    }
  }
  array.push_back(']');
  return array;
}

}  // namespace rollcall::entra
