#include "services/directory/delta_page.h"

#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_json.h"
#include "services/directory/graph_object.h"
#include "simdjson.h"

namespace rollcall::directory {

namespace dom = simdjson::dom;

// What the reader of objects finds by the types of its arguments.
namespace {

constexpr int kRemovedBit = kObjectBits;
constexpr int kMembersBit = kObjectBits + 1;

Removal RemovalFor(std::string_view reason) {
  return absl::EqualsIgnoreCase(AbslView(reason), "deleted")
             ? Removal::kFinal
             : Removal::kRestorable;
}

// `{"reason":"changed"}`, or just the reason, as notifications have it. An
// object without a reason went all the same.
void ReadRemoved(ObjectReader& reader, const dom::element& value,
                 absl::optional<Removal>& removal) {
  if (!reader.First(kRemovedBit)) return;
  std::string_view reason;
  dom::object annotation;
  if (value.get(reason) == simdjson::SUCCESS) {
    removal = RemovalFor(reason);
    return;
  }
  if (value.get(annotation) != simdjson::SUCCESS) {
    return reader.Fail("OBJECT_WRONG_TYPE");
  }
  removal = Removal::kRestorable;
  for (const dom::key_value_pair pair : annotation) {
    if (pair.key != "reason" || pair.value.is_null()) continue;
    if (pair.value.get(reason) != simdjson::SUCCESS) {
      return reader.Fail("OBJECT_WRONG_TYPE");
    }
    removal = RemovalFor(reason);
  }
}

// What one page has told so far.
template <typename Change>
struct Reading {
  const PageLimits& limits;
  DeltaPage<Change> page;
  size_t members = 0;
};

// A group while it is read.
struct GroupSlice {
  GroupChange change;
  absl::optional<dom::array> members;
};

}  // namespace

static void ReadKey(ObjectReader& reader, std::string_view key,
                    const dom::element& value, UserChange& change) {
  if (key == "@removed") return ReadRemoved(reader, value, change.removal);
  ReadKey(reader, key, value, change.user);
}

static void CheckKeys(ObjectReader&, const UserChange&) {}

static void ReadKey(ObjectReader& reader, std::string_view key,
                    const dom::element& value, MemberChange& change) {
  if (key != "@removed") return ReadKey(reader, key, value, change.member);
  absl::optional<Removal> removal;
  ReadRemoved(reader, value, removal);
  change.removed = removal.has_value();
}

static void CheckKeys(ObjectReader& reader, const MemberChange& change) {
  CheckKeys(reader, change.member);
}

static void ReadKey(ObjectReader& reader, std::string_view key,
                    const dom::element& value, GroupSlice& slice) {
  if (key == "@removed") {
    return ReadRemoved(reader, value, slice.change.removal);
  }
  if (key != "members@delta") {
    return ReadKey(reader, key, value, slice.change.group);
  }
  if (!reader.First(kMembersBit)) return;
  dom::array members;
  if (value.get(members) != simdjson::SUCCESS) {
    return reader.Fail("OBJECT_WRONG_TYPE");
  }
  slice.members = members;
}

static void CheckKeys(ObjectReader&, const GroupSlice&) {}

namespace {

// A member that cannot be read is told as something left out of its group.
absl::Status ReadMembers(const dom::array& members, GroupChange& change,
                         Reading<GroupChange>& reading) {
  reading.members += members.size();
  if (reading.members > reading.limits.max_members) {
    return PageTooLarge("its number of members");
  }
  change.members.reserve(members.size());
  std::string reason;
  for (const dom::element element : members) {
    dom::object source;
    if (element.get(source) != simdjson::SUCCESS) {
      reason = "OBJECT_NOT_AN_OBJECT";
      continue;
    }
    MemberChange member;
    const ObjectReader reader = ReadObject(source, reading.limits, member);
    if (reader.good()) {
      change.members.push_back(member);
    } else {
      reason = reader.Skipped(member.member.id).reason;
    }
  }
  if (!reason.empty()) {
    reading.page.skipped.push_back({std::move(reason), change.group.id});
  }
  return absl::OkStatus();
}

absl::Status ReadChange(const dom::object& source,
                        Reading<UserChange>& reading) {
  UserChange change;
  const ObjectReader reader = ReadObject(source, reading.limits, change);
  if (reader.good()) {
    reading.page.items.push_back(std::move(change));
  } else {
    reading.page.skipped.push_back(reader.Skipped(change.user.id));
  }
  return absl::OkStatus();
}

absl::Status ReadChange(const dom::object& source,
                        Reading<GroupChange>& reading) {
  GroupSlice slice;
  const ObjectReader reader = ReadObject(source, reading.limits, slice);
  if (!reader.good()) {
    reading.page.skipped.push_back(reader.Skipped(slice.change.group.id));
    return absl::OkStatus();
  }
  if (slice.members.has_value()) {
    RETURN_IF_ERROR(ReadMembers(*slice.members, slice.change, reading));
  }
  reading.page.items.push_back(std::move(slice.change));
  return absl::OkStatus();
}

template <typename Change>
absl::Status ReadValue(const dom::element& value, Reading<Change>& reading) {
  dom::array items;
  if (value.get(items) != simdjson::SUCCESS) {
    return PageMalformed("`value` is no array");
  }
  if (items.size() > reading.limits.max_items) {
    return PageTooLarge("its number of objects");
  }
  reading.page.items.reserve(items.size());
  for (const dom::element element : items) {
    dom::object source;
    if (element.get(source) != simdjson::SUCCESS) {
      reading.page.skipped.push_back({"OBJECT_NOT_AN_OBJECT", absl::nullopt});
      continue;
    }
    RETURN_IF_ERROR(ReadChange(source, reading));
  }
  return absl::OkStatus();
}

template <typename Change>
absl::StatusOr<DeltaPage<Change>> ParsePage(absl::string_view body,
                                            const PageLimits& limits) {
  ASSIGN_OR_RETURN(const dom::object root, ParseJsonObject(body, limits));
  Reading<Change> reading{.limits = limits};
  DeltaPage<Change>& page = reading.page;
  bool has_value = false;
  for (const dom::key_value_pair pair : root) {
    if (pair.key == "value") {
      if (std::exchange(has_value, true)) return PageMalformed("`value` twice");
      RETURN_IF_ERROR(ReadValue(pair.value, reading));
    } else if (pair.key == "@odata.nextLink" ||
               pair.key == "@odata.deltaLink") {
      if (pair.value.is_null()) continue;
      if (page.next_link.has_value() || page.delta_link.has_value()) {
        return PageMalformed("it leads to two places");
      }
      auto& link =
          pair.key == "@odata.nextLink" ? page.next_link : page.delta_link;
      ASSIGN_OR_RETURN(link, ReadLink(pair.value, limits));
    } else if (pair.key == "error") {
      return PageMalformed("it carries an error");
    }
  }
  if (!has_value) return PageMalformed("it has no `value`");
  if (!page.next_link.has_value() && !page.delta_link.has_value()) {
    return PageMalformed("it has neither a nextLink nor a deltaLink");
  }
  return std::move(page);
}

}  // namespace

absl::StatusOr<DeltaPage<UserChange>> ParseUserDelta(absl::string_view body,
                                                     const PageLimits& limits) {
  return ParsePage<UserChange>(body, limits);
}

absl::StatusOr<DeltaPage<GroupChange>> ParseGroupDelta(
    absl::string_view body, const PageLimits& limits) {
  return ParsePage<GroupChange>(body, limits);
}

}  // namespace rollcall::directory
