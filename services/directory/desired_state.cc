#include "services/directory/desired_state.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/group_closure.h"
#include "services/directory/membership_index.h"

namespace rollcall::directory {
namespace {

using store::StoredGroup;
using store::StoredRead;
using store::StoredUser;
using v1::StreamDesiredStateResponse;

absl::Status Damaged(absl::string_view what) {
  return DataLoss("READ_DAMAGED",
                  absl::StrCat("A stored read is damaged: ", what, "."));
}

absl::Status Gone() {
  return Cancelled("READ_CANCELLED", "Nobody takes this stream any more.");
}

// The groups of a read, and who is in them.
struct Flattening {
  struct Selected {
    SourceId id;
    StoredGroup group;
    uint32_t number = 0;
  };
  std::vector<Selected> selected;  // In the order of their ids.
  GroupGraph graph;
  MembershipIndex index;
};

absl::StatusOr<Flattening> Load(const SealedRead& read) {
  std::vector<SourceId> ids;
  absl::flat_hash_map<SourceId, uint32_t> numbers;
  for (const std::string& bytes : read.header().group_ids()) {
    const absl::optional<SourceId> id = SourceId::FromBytes(bytes);
    if (!id.has_value()) return Damaged("the id of a group");
    numbers[*id] = static_cast<uint32_t>(ids.size());
    ids.push_back(*id);
  }
  Flattening result;
  result.graph.group_count = static_cast<uint32_t>(ids.size());
  std::vector<DirectMembership> memberships;
  for (uint32_t number = 0; number < ids.size(); ++number) {
    ASSIGN_OR_RETURN(StoredGroup group, read.GetGroup(ids[number]));
    ASSIGN_OR_RETURN(const std::vector<SourceId> members,
                     read.GetMembers(ids[number]));
    for (const SourceId& user : members) memberships.push_back({user, number});
    const absl::string_view inner = group.inner_groups();
    for (size_t i = 0; i < inner.size(); i += SourceId::kSize) {
      const auto id = SourceId::FromBytes(inner.substr(i, SourceId::kSize));
      const auto found = id.has_value() ? numbers.find(*id) : numbers.end();
      if (found == numbers.end()) return Damaged("a nesting");
      result.graph.nestings.push_back({number, found->second});
    }
    if (group.selected()) {
      group.clear_inner_groups();
      result.selected.push_back({ids[number], std::move(group), number});
    }
  }
  std::sort(result.selected.begin(), result.selected.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const auto& selected : result.selected) {
    result.graph.selected.push_back(selected.number);
  }
  result.index = MembershipIndex(std::move(memberships));
  return result;
}

absl::Status StreamGroups(const Flattening& flattening,
                          const WriteMessage& write) {
  for (const auto& selected : flattening.selected) {
    StreamDesiredStateResponse response;
    v1::DesiredGroup& group = *response.mutable_group();
    group.set_source_id(selected.id.ToString());
    group.set_display_name(selected.group.display_name());
    group.set_member_count(selected.group.member_count());
    group.set_missing(selected.group.missing());
    if (!write(response)) return Gone();
  }
  return absl::OkStatus();
}

void FillUser(const SourceId& id, StoredUser row, v1::DesiredUser& user) {
  user.set_source_id(id.ToString());
  user.set_user_principal_name(std::move(*row.mutable_user_principal_name()));
  user.set_username(std::move(*row.mutable_username()));
  user.set_display_name(std::move(*row.mutable_display_name()));
  user.set_email(std::move(*row.mutable_email()));
  user.set_enabled(row.account_enabled());
  user.set_guest(row.guest());
  user.set_has_phone_data(row.has_phone_data());
  user.set_skip_reason(std::move(*row.mutable_skip_reason()));
  *user.mutable_warnings() = std::move(*row.mutable_warnings());
  for (store::StoredPhone& stored : *row.mutable_phones()) {
    v1::DesiredPhone& phone = *user.add_phones();
    phone.set_number(std::move(*stored.mutable_number()));
    phone.set_kind(stored.office() ? v1::DesiredPhone::OFFICE
                                   : v1::DesiredPhone::MOBILE);
  }
}

// Walks the rows beside the index: both are in the order of the ids.
absl::Status StreamUsers(const SealedRead& read, const Flattening& flattening,
                         const absl::optional<SourceId>& resume_key,
                         const WriteMessage& write) {
  ASSIGN_OR_RETURN(const std::vector<SourceId> collisions,
                   read.GetCollisions());
  const GroupClosure closure(flattening.graph);
  std::vector<std::string> group_ids;
  for (const auto& selected : flattening.selected) {
    group_ids.push_back(selected.id.ToString());
  }
  SealedRead::UserCursor cursor = read.Users(resume_key);
  StreamDesiredStateResponse response;
  std::vector<uint32_t> places;
  uint32_t number = 0;
  int64_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    const SourceId& id = row->first;
    const MembershipIndex& index = flattening.index;
    while (number < index.size() && index.user(number) < id) ++number;
    if (number == index.size() || index.user(number) != id) {
      return Damaged("a user without a group");
    }
    v1::DesiredUser& user = *response.mutable_user();
    user.Clear();
    FillUser(id, std::move(row->second), user);
    closure.SelectedGroupsOf(index.groups_of(number), places);
    for (const uint32_t place : places) {
      user.add_group_source_ids(group_ids[place]);
    }
    user.set_username_collides(
        std::binary_search(collisions.begin(), collisions.end(), id));
    if (!write(response)) return Gone();
    ++count;
  }
  const int64_t expected = read.header().user_count();
  const bool ties_out =
      resume_key.has_value() ? count <= expected : count == expected;
  return ties_out ? absl::OkStatus() : Damaged("its number of users");
}

v1::DesiredStateTrailer TrailerOf(const StoredRead& header,
                                  const Flattening& flattening) {
  v1::DesiredStateTrailer trailer;
  trailer.set_complete(header.complete());
  *trailer.mutable_incomplete_reasons() = header.incomplete_reasons();
  trailer.set_group_count(static_cast<int64_t>(flattening.selected.size()));
  trailer.set_user_count(header.user_count());
  *trailer.mutable_ignored_members() = header.ignored_members();
  *trailer.mutable_warnings() = header.warnings();
  trailer.set_requests(header.requests());
  return trailer;
}

// Everything has been read; so many users follow.
v1::ReadProgress ProgressOf(const StoredRead& header) {
  v1::ReadProgress progress;
  progress.set_objects_read(header.user_count());
  progress.set_objects_expected(header.user_count());
  progress.set_requests(header.requests());
  progress.set_user_count(header.user_count());
  return progress;
}

}  // namespace

absl::Status StreamRead(const SealedRead& read,
                        const absl::optional<SourceId>& resume_key,
                        const WriteMessage& write) {
  ASSIGN_OR_RETURN(const Flattening flattening, Load(read));
  StreamDesiredStateResponse response;
  *response.mutable_progress() = ProgressOf(read.header());
  if (!write(response)) return Gone();
  RETURN_IF_ERROR(StreamGroups(flattening, write));
  RETURN_IF_ERROR(StreamUsers(read, flattening, resume_key, write));
  *response.mutable_trailer() = TrailerOf(read.header(), flattening);
  return write(response) ? absl::OkStatus() : Gone();
}

}  // namespace rollcall::directory
