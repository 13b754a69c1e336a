#include "tests/bench/generated_directory.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/types/optional.h"

namespace rollcall::bench {
namespace {

using Message = directory::v1::StreamDesiredStateResponse;

std::string GroupId(int n) {
  return absl::StrFormat("00000000-0000-4000-8000-%012d", n);
}

directory::v1::Directory Configuration(const std::string& name) {
  directory::v1::Directory directory;
  directory.set_name(name);
  directory.set_state(directory::v1::Directory::CONNECTED);
  for (int n = 0; n < GeneratedDirectory::kGroups; ++n) {
    directory.add_selected_groups()->set_source_id(GroupId(n));
  }
  return directory;
}

void MakeUser(int64_t n, int version, directory::v1::DesiredUser* user) {
  constexpr int kGroups = GeneratedDirectory::kGroups;
  const std::string upn = absl::StrCat("user", n, "@bench.test");
  user->set_source_id(absl::StrFormat("10000000-0000-4000-8000-%012d", n));
  user->set_user_principal_name(upn);
  user->set_username(upn);
  user->set_display_name(n % 100 == 0 && version > 0
                             ? absl::StrCat("Changed ", version)
                             : absl::StrCat("Name of ", n));
  user->set_email(upn);
  user->set_enabled(true);
  const int first = static_cast<int>(n % kGroups);
  user->add_group_source_ids(GroupId(first));
  user->add_group_source_ids(GroupId(
      (first + 1 + static_cast<int>(n / kGroups % (kGroups - 1))) % kGroups));
}

}  // namespace

// Header, progress, groups, users, trailer, by number.
class GeneratedDirectory::Stream : public reconciliation::DesiredStateStream {
 public:
  Stream(GeneratedDirectory& directory, std::string name)
      : directory_(directory), name_(std::move(name)) {}

  absl::StatusOr<absl::optional<Message>> Next() override {
    const absl::Time begin = absl::Now();
    absl::optional<Message> message = Make(next_++);
    directory_.streaming_ += absl::Now() - begin;
    return message;
  }

 private:
  absl::optional<Message> Make(int64_t n) const {
    Message message;
    if (n == 0) {
      directory::v1::DesiredStateHeader& header = *message.mutable_header();
      header.set_read_id(absl::StrCat("read", directory_.version_));
      header.set_mode(directory::v1::StreamDesiredStateRequest::FULL);
      *header.mutable_directory() = Configuration(name_);
      header.mutable_read_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
      return message;
    }
    if (n == 1) {
      message.mutable_progress()->set_user_count(directory_.users_);
      return message;
    }
    n -= 2;
    if (n < kGroups) {
      message.mutable_group()->set_source_id(GroupId(static_cast<int>(n)));
      message.mutable_group()->set_display_name(absl::StrCat("Group ", n));
      return message;
    }
    n -= kGroups;
    if (n < directory_.users_) {
      MakeUser(n, directory_.version_, message.mutable_user());
      return message;
    }
    if (n > directory_.users_) return absl::nullopt;
    directory::v1::DesiredStateTrailer& trailer = *message.mutable_trailer();
    trailer.set_complete(true);
    trailer.set_group_count(kGroups);
    trailer.set_user_count(directory_.users_);
    return message;
  }

  GeneratedDirectory& directory_;
  const std::string name_;
  int64_t next_ = 0;
};

absl::StatusOr<directory::v1::Directory> GeneratedDirectory::GetDirectory(
    const DirectoryName& name) {
  return Configuration(name.ToString());
}

absl::StatusOr<directory::v1::ListDirectoriesResponse>
GeneratedDirectory::ListDirectories(
    const directory::v1::ListDirectoriesRequest&) {
  return directory::v1::ListDirectoriesResponse();
}

absl::StatusOr<std::unique_ptr<reconciliation::DesiredStateStream>>
GeneratedDirectory::StreamDesiredState(
    const directory::v1::StreamDesiredStateRequest& request) {
  return std::make_unique<Stream>(*this, request.name());
}

absl::StatusOr<directory::v1::ReadSourceUserResponse>
GeneratedDirectory::ReadSourceUser(
    const directory::v1::ReadSourceUserRequest&) {
  return absl::UnimplementedError("Nobody is ever removed here.");
}

}  // namespace rollcall::bench
