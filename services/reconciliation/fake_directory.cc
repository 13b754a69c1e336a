#include "services/reconciliation/fake_directory.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "services/reconciliation/username_form.h"

namespace rollcall::reconciliation {
namespace {

using Message = directory::v1::StreamDesiredStateResponse;

class FakeStream : public DesiredStateStream {
 public:
  FakeStream(std::vector<Message> messages, absl::Status end,
             std::function<void(int)> on_message)
      : messages_(std::move(messages)),
        end_(std::move(end)),
        on_message_(std::move(on_message)) {}

  absl::StatusOr<absl::optional<Message>> Next() override {
    if (on_message_) on_message_(static_cast<int>(next_));
    if (next_ < messages_.size()) {
      return absl::make_optional(messages_[next_++]);
    }
    if (!end_.ok()) return end_;
    return absl::optional<Message>();
  }

 private:
  std::vector<Message> messages_;
  absl::Status end_;
  std::function<void(int)> on_message_;
  size_t next_ = 0;
};

directory::v1::Directory Configuration(const DirectoryName& name,
                                       const FakeTenant& tenant) {
  directory::v1::Directory directory;
  directory.set_name(name.ToString());
  directory.set_state(tenant.state);
  directory.set_user_disposition(tenant.user_disposition);
  directory.set_directory_key(absl::StrCat("key-of-", name.id()));
  *directory.mutable_guard_limits() = tenant.limits;
  directory.set_enrollment_mail_enabled(tenant.mail);
  directory.set_phone_import_enabled(tenant.phone_import);
  directory.set_username_normalization_enabled(tenant.normalization);
  directory.set_rename_policy(tenant.follow_renames
                                  ? directory::v1::Directory::FOLLOW
                                  : directory::v1::Directory::HOLD);
  for (const auto& [id, group] : tenant.groups) {
    if (id == tenant.unannounced_group) continue;
    directory::v1::SelectedGroup& selected = *directory.add_selected_groups();
    selected.set_source_id(id);
    selected.set_missing(group.missing());
  }
  return directory;
}

// The users as they are streamed: mapped by the options of the directory.
std::map<std::string, directory::v1::DesiredUser> Mapped(
    const FakeTenant& tenant) {
  std::map<std::string, int> usernames;
  for (const auto& [id, user] : tenant.users) {
    ++usernames[UsernameOf(user.user_principal_name(), tenant.normalization)];
  }
  std::map<std::string, directory::v1::DesiredUser> mapped;
  for (const auto& [id, stored] : tenant.users) {
    directory::v1::DesiredUser user = stored;
    user.set_username(
        UsernameOf(user.user_principal_name(), tenant.normalization));
    if (user.username().empty() && user.skip_reason().empty()) {
      user.set_skip_reason("USERNAME_EMPTY");
    }
    user.set_username_collides(usernames[user.username()] > 1);
    if (!tenant.phone_import) user.clear_phones();
    mapped[id] = std::move(user);
  }
  return mapped;
}

// What is streamed of the users, by source id.
std::map<std::string, Message> UserMessages(
    const FakeTenant& tenant, const absl::optional<FakeTenant>& since) {
  std::map<std::string, Message> messages;
  std::map<std::string, directory::v1::DesiredUser> before;
  if (since.has_value()) before = Mapped(*since);
  for (auto& [id, user] : Mapped(tenant)) {
    auto old = before.find(id);
    const bool is_known =
        old != before.end() &&
        old->second.SerializeAsString() == user.SerializeAsString();
    if (!is_known) *messages[id].mutable_user() = user;
    if (old != before.end()) before.erase(old);
  }
  for (const auto& [id, user] : before) {
    directory::v1::GoneUser& gone = *messages[id].mutable_gone_user();
    gone.set_source_id(id);
    gone.set_reason(tenant.outside.count(id) > 0
                        ? directory::v1::GoneUser::LEFT_SCOPE
                        : directory::v1::GoneUser::DELETED);
  }
  return messages;
}

}  // namespace

std::string SourceId(int n) {
  return absl::StrFormat("00000000-0000-4000-8000-%012d", n);
}

directory::v1::DesiredGroup& FakeTenant::AddGroup(int n,
                                                  const std::string& name) {
  directory::v1::DesiredGroup& group = groups[SourceId(n)];
  group.set_source_id(SourceId(n));
  group.set_display_name(name);
  return group;
}

directory::v1::DesiredUser& FakeTenant::AddUser(
    int n, const std::string& upn, const std::vector<int>& in_groups) {
  directory::v1::DesiredUser& user = users[SourceId(n)];
  user.set_source_id(SourceId(n));
  user.set_user_principal_name(upn);
  user.set_display_name(absl::StrCat("Name of ", upn));
  user.set_email(upn);
  user.set_enabled(true);
  for (int group : in_groups) user.add_group_source_ids(SourceId(group));
  return user;
}

void FakeTenant::Unselect(int n) {
  groups.erase(SourceId(n));
  for (auto& [id, user] : users) {
    auto& ids = *user.mutable_group_source_ids();
    for (int i = ids.size() - 1; i >= 0; --i) {
      if (ids[i] == SourceId(n)) ids.erase(ids.begin() + i);
    }
  }
}

void FakeTenant::MoveOutside(int n) {
  outside[SourceId(n)] = users.at(SourceId(n));
  outside[SourceId(n)].clear_group_source_ids();
  users.erase(SourceId(n));
}

absl::StatusOr<directory::v1::Directory> FakeDirectory::GetDirectory(
    const DirectoryName& name) {
  auto tenant = tenants.find(name.id());
  if (tenant == tenants.end()) {
    return NotFound("DIRECTORY_NOT_FOUND", "There is no such directory.",
                    {{"directory", name.ToString()}});
  }
  return Configuration(name, tenant->second);
}

// One directory a page.
absl::StatusOr<directory::v1::ListDirectoriesResponse>
FakeDirectory::ListDirectories(
    const directory::v1::ListDirectoriesRequest& request) {
  if (!list_error.ok()) return list_error;
  directory::v1::ListDirectoriesResponse response;
  const std::string account = AccountName("acme").ToString();
  if (request.parent() != "accounts/-" && request.parent() != account) {
    return response;
  }
  auto tenant = tenants.upper_bound(request.page_token());
  const auto is_hidden = [&] {
    return tenant->second.state == directory::v1::Directory::DELETED &&
           !request.show_deleted();
  };
  while (tenant != tenants.end() && is_hidden()) ++tenant;
  if (tenant == tenants.end()) return response;
  *response.add_directories() = Configuration(
      DirectoryName(AccountName("acme"), tenant->first), tenant->second);
  response.set_next_page_token(tenant->first);
  return response;
}

std::string FakeDirectory::CursorOf(const FakeTenant& tenant) {
  std::string content = absl::StrCat(tenant.normalization, tenant.phone_import);
  for (const auto& [id, group] : tenant.groups) {
    absl::StrAppend(&content, group.SerializeAsString());
  }
  for (const auto& [id, user] : tenant.users) {
    absl::StrAppend(&content, user.SerializeAsString());
  }
  auto [cursor, is_new] = cursors_.insert({content, {}});
  if (is_new) {
    cursor->second = {absl::StrCat("cursor", cursors_.size()), tenant};
  }
  return cursor->second.first;
}

absl::StatusOr<std::unique_ptr<DesiredStateStream>>
FakeDirectory::StreamDesiredState(
    const directory::v1::StreamDesiredStateRequest& request) {
  using directory::v1::StreamDesiredStateRequest;
  ++streams_opened_;
  auto name = DirectoryName::Parse(request.name());
  if (!name.ok()) return name.status();
  if (tenants.at(name->id()).state == directory::v1::Directory::DELETED) {
    return FailedPrecondition("DIRECTORY_DELETED", "It was deleted.",
                              {{"directory", request.name()}});
  }
  const bool of_changes = request.mode() == StreamDesiredStateRequest::CHANGES;
  std::string held = request.read_id();
  std::string after = request.resume_key();
  if (readings_.count(held) == 0) {
    Reading reading{.tenant = tenants.at(name->id()),
                    .read_seconds = read_seconds};
    if (of_changes) {
      for (const auto& [content, cursor] : cursors_) {
        if (cursor.first == request.change_cursor()) {
          reading.since = cursor.second;
        }
      }
      if (!reading.since.has_value() || cursors_expired) {
        return FailedPrecondition("CHANGE_CURSOR_EXPIRED", "It is too old.");
      }
    }
    held = absl::StrCat("read", streams_opened_);
    after.clear();
    readings_[held] = std::move(reading);
  }
  const Reading& reading = readings_.at(held);
  FakeTenant tenant = reading.tenant;
  tenant.normalization |= request.username_normalization_assumed();

  std::vector<Message> messages;
  directory::v1::DesiredStateHeader& header =
      *messages.emplace_back().mutable_header();
  header.set_read_id(held);
  header.set_mode(request.mode());
  *header.mutable_directory() = Configuration(*name, tenant);
  header.mutable_read_time()->set_seconds(reading.read_seconds);
  std::map<std::string, Message> users = UserMessages(tenant, reading.since);
  for (const std::string& hidden : hidden_from_streams) users.erase(hidden);
  const auto count = static_cast<int64_t>(users.size());
  directory::v1::ReadProgress& progress =
      *messages.emplace_back().mutable_progress();
  progress.set_objects_read(count);
  progress.set_user_count(count);
  const int times = tenant.repeat_groups ? 2 : 1;
  for (const auto& [id, group] : tenant.groups) {
    for (int i = 0; i < times; ++i) {
      *messages.emplace_back().mutable_group() = group;
    }
  }
  for (const auto& [id, message] : users) {
    if (id <= after) continue;
    messages.push_back(message);
    if (tenant.repeat_users) messages.push_back(message);
  }
  directory::v1::DesiredStateTrailer& trailer =
      *messages.emplace_back().mutable_trailer();
  trailer.set_complete(tenant.complete);
  if (!tenant.complete) trailer.add_incomplete_reasons("A page did not come.");
  trailer.set_group_count(static_cast<int64_t>(tenant.groups.size()) * times);
  trailer.set_user_count(count + tenant.announce_more);
  (*trailer.mutable_ignored_members())["DEVICE"] = 3;
  trailer.mutable_warnings()->insert(tenant.warnings.begin(),
                                     tenant.warnings.end());
  trailer.set_requests(42);
  trailer.set_change_cursor(CursorOf(tenant));

  if (breaks_left == 0) {
    return std::make_unique<FakeStream>(std::move(messages), absl::OkStatus(),
                                        on_message);
  }
  --breaks_left;
  if (static_cast<int>(messages.size()) > break_after) {
    messages.resize(break_after);
  }
  return std::make_unique<FakeStream>(std::move(messages), break_error,
                                      on_message);
}

absl::StatusOr<directory::v1::ReadSourceUserResponse>
FakeDirectory::ReadSourceUser(
    const directory::v1::ReadSourceUserRequest& request) {
  directory::v1::ReadSourceUserResponse response;
  {
    absl::MutexLock lock(&mutex_);
    ++looks_;
    if (!look_error.ok()) return look_error;
    auto name = DirectoryName::Parse(request.name());
    if (!name.ok()) return name.status();
    const FakeTenant& tenant = tenants.at(name->id());
    *response.mutable_directory() = Configuration(*name, tenant);
    response.mutable_read_time()->set_seconds(read_seconds);
    response.set_requests(5);
    auto is_meant = [&](const directory::v1::DesiredUser& user) {
      return request.has_source_id()
                 ? user.source_id() == request.source_id()
                 : absl::EqualsIgnoreCase(user.user_principal_name(),
                                          request.user_principal_name());
    };
    for (const auto& [id, user] : Mapped(tenant)) {
      if (!is_meant(user)) continue;
      response.set_found(true);
      response.set_in_scope(true);
      *response.mutable_user() = user;
      for (const std::string& group : user.group_source_ids()) {
        auto& step = *response.add_paths()->add_groups();
        step.set_source_id(group);
        step.set_display_name(tenant.groups.at(group).display_name());
      }
    }
    for (const auto& [id, user] : tenant.outside) {
      if (!is_meant(user)) continue;
      response.set_found(true);
      *response.mutable_user() = user;
      response.mutable_user()->set_username(
          UsernameOf(user.user_principal_name(), tenant.normalization));
    }
    // Nobody is proved to be gone by a name.
    response.set_complete(tenant.look_complete &&
                          (response.found() || request.has_source_id()));
  }
  // The answer is on its way; the world goes on.
  if (on_look) on_look();
  return response;
}

}  // namespace rollcall::reconciliation
