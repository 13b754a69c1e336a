#include "services/directory/desired_state.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/directory/assumed_names.h"
#include "services/directory/group_table.h"
#include "services/directory/scope_view.h"
#include "services/directory/user_row.h"

namespace rollcall::directory {
namespace {

using store::StoredGroup;
using store::StoredMirror;
using store::StoredUser;
using v1::StreamDesiredStateResponse;

absl::Status Gone() {
  return Cancelled("READ_CANCELLED", "Nobody takes this stream any more.");
}

// The groups that an operator selected, in the order of their ids.
std::vector<SourceId> SelectedGroups(const MirrorView& mirror) {
  std::vector<SourceId> selected;
  for (const std::string& bytes :
       mirror.header().directory().selected_groups()) {
    if (const auto id = SourceId::FromBytes(bytes)) selected.push_back(*id);
  }
  std::sort(selected.begin(), selected.end());
  return selected;
}

absl::Status StreamGroups(const MirrorView& mirror, const WriteMessage& write) {
  for (const SourceId& id : SelectedGroups(mirror)) {
    ASSIGN_OR_RETURN(const absl::optional<StoredGroup> row,
                     mirror.rows().FindGroup(id));
    if (!row.has_value()) return MirrorDamaged("a group is gone");
    StreamDesiredStateResponse response;
    v1::DesiredGroup& group = *response.mutable_group();
    group.set_source_id(id.ToString());
    group.set_display_name(row->display_name());
    group.set_member_count(row->member_count());
    group.set_missing(row->missing());
    if (!write(response)) return Gone();
  }
  return absl::OkStatus();
}

v1::GoneUser::Reason ReasonOf(const absl::optional<StoredUser>& row,
                              bool selected) {
  if (row.has_value() && row->presence() == StoredUser::ABSENT) {
    return v1::GoneUser::DELETED;
  }
  return selected && row->presence() == StoredUser::EXCLUDED
             ? v1::GoneUser::GUEST_EXCLUDED
             : v1::GoneUser::LEFT_SCOPE;
}

// Turns rows of users into messages.
class UserStreamer {
 public:
  static absl::StatusOr<UserStreamer> Of(const MirrorView& mirror) {
    ASSIGN_OR_RETURN(std::vector<GroupRow> rows, mirror.rows().Groups());
    ASSIGN_OR_RETURN(ScopeView scope,
                     ScopeView::Of(GroupTable(std::move(rows))));
    return UserStreamer(std::move(scope));
  }

  // Users are shown with their short names from now on.
  absl::Status AssumeNormalization(const MirrorView& mirror) {
    ASSIGN_OR_RETURN(assumed_, AssumedNames::Of(mirror, scope_));
    return absl::OkStatus();
  }

  // Whether the user is in scope; if so, it is in response().
  bool Show(const SourceId& id, StoredUser row) {
    if (!IsInScope(row)) return false;
    v1::DesiredUser& user = *response_.mutable_user();
    user = DesiredUserOf(id, std::move(row));
    if (assumed_.has_value()) assumed_->Assume(id, user);
    for (const uint32_t place : places_) {
      user.add_group_source_ids(group_ids_[place]);
    }
    return true;
  }

  // The same, or that it is gone; false if nothing is known.
  bool ShowChange(const SourceId& id, absl::optional<StoredUser> row) {
    const bool in_scope = row.has_value() && IsInScope(*row);
    if (in_scope) return Show(id, *std::move(row));
    const bool selected = row.has_value() && !places_.empty();
    if (selected && row->presence() == StoredUser::UNREAD) return false;
    v1::GoneUser& gone = *response_.mutable_gone_user();
    gone.set_source_id(id.ToString());
    gone.set_reason(ReasonOf(row, selected));
    return true;
  }

  const StreamDesiredStateResponse& response() const { return response_; }

 private:
  explicit UserStreamer(ScopeView scope) : scope_(std::move(scope)) {
    for (const SourceId& id : scope_.selected()) {
      group_ids_.push_back(id.ToString());
    }
  }

  bool IsInScope(const StoredUser& row) {
    scope_.GroupsOf(row, places_);
    return row.presence() == StoredUser::PRESENT && !places_.empty();
  }

  ScopeView scope_;
  absl::optional<AssumedNames> assumed_;
  std::vector<std::string> group_ids_;
  std::vector<uint32_t> places_;
  StreamDesiredStateResponse response_;
};

absl::Status StreamUsers(const MirrorView& mirror,
                         const absl::optional<SourceId>& resume_key,
                         bool assume_normalization, const WriteMessage& write) {
  ASSIGN_OR_RETURN(UserStreamer streamer, UserStreamer::Of(mirror));
  const bool assumes =
      assume_normalization &&
      !mirror.header().directory().username_normalization_enabled();
  if (assumes) RETURN_IF_ERROR(streamer.AssumeNormalization(mirror));
  UserCursor cursor = mirror.rows().Users(resume_key);
  int64_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto row, cursor.Next());
    if (!row.has_value()) break;
    ASSIGN_OR_RETURN(StoredUser user,
                     rollcall::store::Parse<StoredUser>(row->bytes));
    if (!streamer.Show(row->id, std::move(user))) continue;
    if (!write(streamer.response())) return Gone();
    ++count;
  }
  const int64_t expected = mirror.mirror().counts().users();
  const bool ties_out =
      resume_key.has_value() ? count <= expected : count == expected;
  return ties_out ? absl::OkStatus() : MirrorDamaged("its number of users");
}

v1::DesiredStateTrailer TrailerOf(const MirrorView& view,
                                  const std::string& change_cursor) {
  const StoredMirror& mirror = view.mirror();
  v1::DesiredStateTrailer trailer;
  trailer.set_complete(mirror.complete());
  *trailer.mutable_incomplete_reasons() = mirror.incomplete_reasons();
  trailer.set_group_count(view.header().directory().selected_groups_size());
  trailer.set_user_count(mirror.counts().users());
  *trailer.mutable_ignored_members() = mirror.counts().ignored_members();
  *trailer.mutable_warnings() = mirror.counts().warnings();
  trailer.set_requests(mirror.requests());
  trailer.set_change_cursor(change_cursor);
  return trailer;
}

// Everything has been read; so many users follow.
absl::Status WriteProgress(const MirrorView& view, int64_t users,
                           const WriteMessage& write) {
  StreamDesiredStateResponse response;
  v1::ReadProgress& progress = *response.mutable_progress();
  progress.set_objects_read(users);
  progress.set_objects_expected(users);
  progress.set_requests(view.mirror().requests());
  progress.set_user_count(users);
  return write(response) ? absl::OkStatus() : Gone();
}

}  // namespace

absl::Status StreamEverything(const MirrorView& mirror,
                              const absl::optional<SourceId>& resume_key,
                              const std::string& change_cursor,
                              const WriteMessage& write,
                              bool assume_normalization) {
  RETURN_IF_ERROR(
      WriteProgress(mirror, mirror.mirror().counts().users(), write));
  RETURN_IF_ERROR(StreamGroups(mirror, write));
  RETURN_IF_ERROR(StreamUsers(mirror, resume_key, assume_normalization, write));
  StreamDesiredStateResponse response;
  *response.mutable_trailer() = TrailerOf(mirror, change_cursor);
  return write(response) ? absl::OkStatus() : Gone();
}

absl::Status StreamChanges(const MirrorView& mirror, uint64_t after,
                           const absl::optional<SourceId>& resume_key,
                           const std::string& change_cursor,
                           const WriteMessage& write) {
  ASSIGN_OR_RETURN(const std::vector<SourceId> changed,
                   mirror.ChangedSince(after));
  RETURN_IF_ERROR(
      WriteProgress(mirror, static_cast<int64_t>(changed.size()), write));
  RETURN_IF_ERROR(StreamGroups(mirror, write));
  int64_t streamed = 0;
  if (!changed.empty()) {
    ASSIGN_OR_RETURN(UserStreamer streamer, UserStreamer::Of(mirror));
    for (const SourceId& id : changed) {
      ASSIGN_OR_RETURN(absl::optional<StoredUser> row,
                       mirror.rows().FindUser(id));
      if (!streamer.ShowChange(id, std::move(row))) continue;
      ++streamed;
      if (resume_key.has_value() && id <= *resume_key) continue;
      if (!write(streamer.response())) return Gone();
    }
  }
  StreamDesiredStateResponse response;
  *response.mutable_trailer() = TrailerOf(mirror, change_cursor);
  response.mutable_trailer()->set_user_count(streamed);
  return write(response) ? absl::OkStatus() : Gone();
}

v1::DesiredUser DesiredUserOf(const SourceId& id, StoredUser row) {
  v1::DesiredUser user;
  user.set_source_id(id.ToString());
  user.set_username(UsernameOf(row));
  user.set_display_name(std::move(*row.mutable_display_name()));
  const absl::string_view email = EmailOf(row);
  user.set_email(email.data(), email.size());
  user.set_enabled(row.account_enabled());
  user.set_guest(row.guest());
  user.set_has_phone_data(row.has_phone_data());
  user.set_skip_reason(std::move(*row.mutable_skip_reason()));
  user.set_username_collides(row.username_collides());
  *user.mutable_warnings() = std::move(*row.mutable_warnings());
  user.set_user_principal_name(std::move(*row.mutable_user_principal_name()));
  for (store::StoredPhone& stored : *row.mutable_phones()) {
    v1::DesiredPhone& phone = *user.add_phones();
    phone.set_number(std::move(*stored.mutable_number()));
    phone.set_kind(stored.office() ? v1::DesiredPhone::OFFICE
                                   : v1::DesiredPhone::MOBILE);
  }
  return user;
}

}  // namespace rollcall::directory
