#include "services/reconciliation/fake_directory.h"

#include <cstddef>
#include <utility>

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
  FakeStream(std::vector<Message> messages, absl::Status end)
      : messages_(std::move(messages)), end_(std::move(end)) {}

  absl::StatusOr<absl::optional<Message>> Next() override {
    if (next_ < messages_.size()) {
      return absl::make_optional(messages_[next_++]);
    }
    if (!end_.ok()) return end_;
    return absl::optional<Message>();
  }

 private:
  std::vector<Message> messages_;
  absl::Status end_;
  size_t next_ = 0;
};

directory::v1::Directory Configuration(const DirectoryName& name,
                                       const FakeTenant& tenant) {
  directory::v1::Directory directory;
  directory.set_name(name.ToString());
  directory.set_state(tenant.state);
  directory.set_user_disposition(tenant.user_disposition);
  directory.set_enrollment_mail_enabled(tenant.mail);
  directory.set_phone_import_enabled(tenant.phone_import);
  directory.set_username_normalization_enabled(tenant.normalization);
  for (const auto& [id, group] : tenant.groups) {
    if (id == tenant.unannounced_group) continue;
    directory.add_selected_groups()->set_source_id(id);
  }
  return directory;
}

std::vector<Message> Messages(const DirectoryName& name,
                              const FakeTenant& tenant,
                              const std::string& read_id,
                              const std::string& resume_key) {
  std::vector<Message> messages;
  directory::v1::DesiredStateHeader& header =
      *messages.emplace_back().mutable_header();
  header.set_read_id(read_id);
  *header.mutable_directory() = Configuration(name, tenant);
  header.mutable_read_time()->set_seconds(1000);
  directory::v1::ReadProgress& progress =
      *messages.emplace_back().mutable_progress();
  progress.set_objects_read(static_cast<int64_t>(tenant.users.size()));
  progress.set_user_count(static_cast<int64_t>(tenant.users.size()));
  for (const auto& [id, group] : tenant.groups) {
    *messages.emplace_back().mutable_group() = group;
    if (tenant.repeat_groups) *messages.emplace_back().mutable_group() = group;
  }
  std::map<std::string, int> usernames;
  for (const auto& [id, user] : tenant.users) {
    ++usernames[UsernameOf(user.user_principal_name(), tenant.normalization)];
  }
  for (const auto& [id, stored] : tenant.users) {
    if (id <= resume_key) continue;
    directory::v1::DesiredUser user = stored;
    user.set_username(
        UsernameOf(user.user_principal_name(), tenant.normalization));
    if (user.username().empty()) user.set_skip_reason("USERNAME_EMPTY");
    user.set_username_collides(usernames[user.username()] > 1);
    if (!tenant.phone_import) user.clear_phones();
    *messages.emplace_back().mutable_user() = user;
    if (tenant.repeat_users) *messages.emplace_back().mutable_user() = user;
  }
  directory::v1::DesiredStateTrailer& trailer =
      *messages.emplace_back().mutable_trailer();
  trailer.set_complete(tenant.complete);
  if (!tenant.complete) trailer.add_incomplete_reasons("A page did not come.");
  trailer.set_group_count(static_cast<int64_t>(tenant.groups.size()) *
                          (tenant.repeat_groups ? 2 : 1));
  trailer.set_user_count(static_cast<int64_t>(tenant.users.size()) +
                         tenant.announce_more);
  (*trailer.mutable_ignored_members())["DEVICE"] = 3;
  trailer.set_requests(42);
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

absl::StatusOr<std::unique_ptr<DesiredStateStream>>
FakeDirectory::StreamDesiredState(const DirectoryName& name,
                                  const std::string& read_id,
                                  const std::string& resume_key) {
  ++streams_opened_;
  if (tenants.at(name.id()).state == directory::v1::Directory::DELETED) {
    return FailedPrecondition("DIRECTORY_DELETED", "It was deleted.",
                              {{"directory", name.ToString()}});
  }
  std::string held = read_id;
  std::string after = resume_key;
  if (readings_.count(held) == 0) {
    held = absl::StrCat("read", streams_opened_);
    after.clear();
    readings_[held] = tenants.at(name.id());
  }
  std::vector<Message> messages =
      Messages(name, readings_.at(held), held, after);
  if (breaks_left == 0) {
    return std::make_unique<FakeStream>(std::move(messages), absl::OkStatus());
  }
  --breaks_left;
  if (static_cast<int>(messages.size()) > break_after) {
    messages.resize(break_after);
  }
  return std::make_unique<FakeStream>(std::move(messages), break_error);
}

}  // namespace rollcall::reconciliation
