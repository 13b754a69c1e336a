#include "services/directory/manager.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/directory/directory_config.h"
#include "services/directory/directory_messages.h"
#include "services/directory/group_search.h"
#include "services/directory/phone.h"

namespace rollcall::directory {
namespace {

using store::StoredDirectory;
using store::StoredFacts;
using store::StoredRead;
using v1::StreamDesiredStateResponse;

constexpr absl::string_view kAllAccounts = "accounts/-";
// How often somebody who waits for another read looks whether it may go on.
constexpr absl::Duration kSlotWait = absl::Milliseconds(100);

absl::Status CheckRegion(const DirectoryConfig& config) {
  if (config.default_region_code.empty() ||
      IsPhoneRegion(config.default_region_code)) {
    return absl::OkStatus();
  }
  return InvalidArgument("REGION_INVALID",
                         absl::StrCat("No phone numbers are known of a region ",
                                      config.default_region_code, "."),
                         {{"field", "directory.default_region_code"}});
}

absl::Status NoGroupSelected(const DirectoryName& name) {
  return FailedPrecondition(
      "NO_GROUP_SELECTED",
      absl::StrCat(name.ToString(),
                   " has no selected group; a sync would remove everybody. "
                   "Select groups first."),
      {{"directory", name.ToString()}});
}

absl::Status ReauthorizationRequired(const ConnectionName& connection) {
  return FailedPrecondition(
      "REAUTHORIZATION_REQUIRED",
      absl::StrCat("The tenant of ", connection.ToString(),
                   " must be authorized again before it can be read."),
      {{"connection", connection.ToString()}});
}

absl::StatusOr<DirectoryName> NameFor(
    const v1::CreateDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  if (request.directory_id().empty()) {
    return DirectoryName(account, RandomId());
  }
  RETURN_IF_ERROR(ValidateId(request.directory_id(), "directory_id"));
  return DirectoryName(account, request.directory_id());
}

// Of the same account: a connection of somebody else's must not be usable.
absl::StatusOr<ConnectionName> ConnectionFor(const AccountName& account,
                                             absl::string_view text) {
  ASSIGN_OR_RETURN(ConnectionName connection, ConnectionName::Parse(text));
  if (connection.account() == account) return connection;
  return InvalidArgument(
      "CONNECTION_OF_ANOTHER_ACCOUNT",
      absl::StrCat("The connection of a directory of ", account.ToString(),
                   " must be of that account too."),
      {{"field", "directory.connection"}});
}

// A vanished group keeps the name that it had.
void KeepNames(const StoredFacts& known, StoredFacts& learned) {
  for (StoredFacts::Group& group : *learned.mutable_groups()) {
    for (const StoredFacts::Group& before : known.groups()) {
      if (group.display_name().empty() &&
          before.source_id() == group.source_id()) {
        group.set_display_name(before.display_name());
      }
    }
  }
}

}  // namespace

// Holds a directory while it is read.
class DirectoryManager::ReadSlot {
 public:
  ReadSlot(DirectoryManager& manager, std::string directory)
      : manager_(manager), directory_(std::move(directory)) {}

  ~ReadSlot() {
    if (!held_) return;
    absl::MutexLock lock(&manager_.mutex_);
    manager_.being_read_.erase(directory_);
  }

  absl::Status Take(const std::function<bool()>& cancelled) {
    while (!held_) {
      if (cancelled()) {
        return Cancelled("READ_CANCELLED", "Nobody waits for this read.");
      }
      absl::MutexLock lock(&manager_.mutex_);
      manager_.mutex_.AwaitWithTimeout(absl::Condition(this, &ReadSlot::IsFree),
                                       kSlotWait);
      held_ = manager_.being_read_.insert(directory_).second;
    }
    return absl::OkStatus();
  }

 private:
  bool IsFree() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return !manager_.being_read_.contains(directory_);
  }

  DirectoryManager& manager_;
  const std::string directory_;
  bool held_ = false;
};

DirectoryManager::DirectoryManager(rollcall::store::Store& store,
                                   AuthorizationClient& authorization,
                                   GraphClient& graph, Clock& clock,
                                   FullReadOptions options)
    : directories_(store),
      reads_(store),
      authorization_(authorization),
      graph_(graph),
      clock_(clock),
      options_(options) {}

absl::StatusOr<v1::Directory> DirectoryManager::Create(
    const v1::CreateDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName name, NameFor(request));
  ASSIGN_OR_RETURN(DirectoryConfig config, ConfigOf(request.directory()));
  ASSIGN_OR_RETURN(config, Validate(std::move(config)));
  RETURN_IF_ERROR(CheckRegion(config));
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionFor(name.account(), config.connection));
  RETURN_IF_ERROR(CheckConnected(connection));  // R5

  StoredDirectory directory;
  directory.set_directory_id(name.id());
  SetConfig(config, directory);
  directory.set_directory_key(RandomId());
  directory.set_revision(1);
  *directory.mutable_create_time() = ToTimestamp(clock_.TimeNow());
  *directory.mutable_update_time() = directory.create_time();
  RETURN_IF_ERROR(directories_.Insert(name, directory));
  return Show(name.account(), directory);
}

absl::StatusOr<v1::Directory> DirectoryManager::Get(
    const v1::GetDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.name()));
  ASSIGN_OR_RETURN(const StoredDirectory directory, directories_.Get(name));
  return Show(name.account(), directory);
}

absl::StatusOr<v1::ListDirectoriesResponse> DirectoryManager::List(
    const v1::ListDirectoriesRequest& request, bool is_service) {
  const bool all = request.parent() == kAllAccounts;
  if (all && !is_service) {
    return PermissionDenied("SERVICES_ONLY",
                            "Only services may list across accounts.");
  }
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope = absl::StrCat("ListDirectories/", request.parent());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  // A token leads on after `{account}/{directory}`.
  std::pair<std::string, std::string> place =
      absl::StrSplit(after, absl::MaxSplits('/', 1));
  auto& [account_id, after_directory] = place;
  if (!all) {
    ASSIGN_OR_RETURN(const AccountName account,
                     AccountName::Parse(request.parent()));
    account_id = account.id();
  }

  v1::ListDirectoriesResponse response;
  std::string last = after;
  std::vector<std::string> accounts;
  if (!account_id.empty()) accounts.push_back(account_id);
  while (true) {
    for (const std::string& id : accounts) {
      // One more than there is room for tells whether there is a next page.
      const int room = page_size - response.directories_size();
      ASSIGN_OR_RETURN(
          const std::vector<StoredDirectory> directories,
          directories_.List(AccountName(id), after_directory, room + 1));
      for (const StoredDirectory& directory : directories) {
        if (response.directories_size() == page_size) {
          response.set_next_page_token(rpc::MakePageToken(scope, last));
          return response;
        }
        ASSIGN_OR_RETURN(*response.add_directories(),
                         Show(AccountName(id), directory));
        last = absl::StrCat(id, "/", directory.directory_id());
      }
      after_directory.clear();
      account_id = id;
    }
    if (!all) return response;
    ASSIGN_OR_RETURN(accounts, directories_.ListAccounts(account_id, 100));
    if (accounts.empty()) return response;
  }
}

absl::StatusOr<v1::Directory> DirectoryManager::Update(
    const v1::UpdateDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.directory().name()));
  ASSIGN_OR_RETURN(const StoredDirectory before, directories_.Get(name));
  const std::string& etag = request.directory().etag();
  if (!etag.empty() && etag != EtagOf(before)) {
    return Aborted("ETAG_MISMATCH",
                   absl::StrCat(name.ToString(),
                                " was changed since; get it "
                                "again and decide anew."),
                   {{"directory", name.ToString()}, {"etag", EtagOf(before)}});
  }
  ASSIGN_OR_RETURN(const DirectoryConfig wanted, ConfigOf(request.directory()));
  ASSIGN_OR_RETURN(const DirectoryConfig config,
                   ApplyUpdate(ConfigOf(before), wanted,
                               std::vector<std::string>(
                                   request.update_mask().paths().begin(),
                                   request.update_mask().paths().end())));
  RETURN_IF_ERROR(CheckRegion(config));
  if (config == ConfigOf(before)) return Show(name.account(), before);

  StoredDirectory after = before;
  SetConfig(config, after);
  after.set_revision(before.revision() + 1);
  *after.mutable_update_time() = ToTimestamp(clock_.TimeNow());
  if (!request.validate_only()) {
    RETURN_IF_ERROR(directories_.Replace(name, before, after));
  }
  return Show(name.account(), after);
}

absl::StatusOr<v1::SearchGroupsResponse> DirectoryManager::Search(
    const v1::SearchGroupsRequest& request,
    const std::function<bool()>& cancelled) {
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(request.connection()));
  ASSIGN_OR_RETURN(std::unique_ptr<GraphSession> session,
                   graph_.Open(connection, cancelled));
  ASSIGN_OR_RETURN(FoundGroups found, SearchGroups(*session, request.query()));
  v1::SearchGroupsResponse response;
  for (const SourceGroup& group : found.groups) {
    v1::SourceGroup& message = *response.add_groups();
    message.set_source_id(group.id.ToString());
    message.set_display_name(group.display_name.value());
    message.set_description(group.description.value());
  }
  response.set_truncated(found.truncated);
  return response;
}

absl::Status DirectoryManager::StreamDesiredState(
    const v1::StreamDesiredStateRequest& request,
    const std::function<bool()>& cancelled, const WriteMessage& write) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.name()));
  if (request.mode() != v1::StreamDesiredStateRequest::FULL) {
    return InvalidArgument("MODE_INVALID", "The mode is FULL.",
                           {{"field", "mode"}});
  }
  absl::optional<SourceId> resume_key;
  if (!request.resume_key().empty()) {
    resume_key = SourceId::Parse(request.resume_key());
    if (!resume_key.has_value()) {
      return InvalidArgument("RESUME_KEY_INVALID",
                             "A resume key is the source id of a user.",
                             {{"field", "resume_key"}});
    }
  }
  RETURN_IF_ERROR(directories_.Get(name).status());
  if (!request.read_id().empty()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<SealedRead> held,
                     reads_.Find(name, request.read_id()));
    if (held != nullptr) {
      RETURN_IF_ERROR(WriteHeader(name.account(), held->header(), write));
      return StreamRead(*held, resume_key, write);
    }
  }
  // A key means nothing in another read.
  ASSIGN_OR_RETURN(const std::unique_ptr<SealedRead> read,
                   ReadAnew(name, cancelled, write));
  return StreamRead(*read, absl::nullopt, write);
}

absl::StatusOr<std::unique_ptr<SealedRead>> DirectoryManager::ReadAnew(
    const DirectoryName& name, const std::function<bool()>& cancelled,
    const WriteMessage& write) {
  RETURN_IF_ERROR(CheckReadable(name).status());
  ReadSlot slot(*this, name.ToString());
  RETURN_IF_ERROR(slot.Take(cancelled));
  // Another read may have taken long: what counts is the configuration now.
  ASSIGN_OR_RETURN(const StoredDirectory directory, CheckReadable(name));
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(directory.connection()));
  ASSIGN_OR_RETURN(const std::unique_ptr<GraphSession> session,
                   graph_.Open(connection, cancelled));

  StoredRead header;
  header.set_read_id(RandomId());
  *header.mutable_directory() = directory;
  header.set_tenant_id(session->tenant_id());
  *header.mutable_read_time() = ToTimestamp(clock_.TimeNow());
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadWriter> writer,
                   reads_.Begin(name, std::move(header)));
  const absl::Status filled = FillAndSeal(name, *session, *writer, write);
  if (!filled.ok()) {
    LogWarning("read_failed",
               {{"directory", name.ToString()}, {"status", filled}});
    // Sweep removes it, now or, if this fails too, after the next start.
    const absl::Status abandoned = writer->Abandon();
    if (!abandoned.ok()) {
      LogError("read_not_abandoned", {{"status", abandoned}});
    }
    return filled;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<SealedRead> read,
                   reads_.Find(name, writer->header().read_id()));
  if (read == nullptr) {
    return Aborted("READ_LOST", "The read was replaced meanwhile; read again.");
  }
  RETURN_IF_ERROR(LearnGroups(name, *read));
  return read;
}

absl::StatusOr<StoredDirectory> DirectoryManager::CheckReadable(
    const DirectoryName& name) {
  ASSIGN_OR_RETURN(StoredDirectory directory, directories_.Get(name));
  if (directory.selected_groups().empty()) return NoGroupSelected(name);  // A10
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(directory.connection()));
  RETURN_IF_ERROR(CheckConnected(connection));  // R13
  return directory;
}

absl::Status DirectoryManager::FillAndSeal(const DirectoryName& name,
                                           GraphSession& session,
                                           ReadWriter& writer,
                                           const WriteMessage& write) {
  RETURN_IF_ERROR(WriteHeader(name.account(), writer.header(), write));
  ASSIGN_OR_RETURN(
      StoredRead result,
      ReadEverything(session, writer, options_,
                     [&write](const FullReadProgress& progress) {
                       StreamDesiredStateResponse response;
                       v1::ReadProgress& message = *response.mutable_progress();
                       message.set_objects_read(progress.objects_read);
                       message.set_objects_expected(progress.objects_expected);
                       message.set_requests(progress.requests);
                       // Whether anybody takes it is noticed by `cancelled`.
                       write(response);
                     }));
  LogInfo("read_ended", {{"directory", name.ToString()},
                         {"complete", result.complete()},
                         {"users", result.user_count()},
                         {"requests", result.requests()}});
  return writer.Seal(std::move(result));
}

absl::Status DirectoryManager::WriteHeader(const AccountName& account,
                                           const StoredRead& read,
                                           const WriteMessage& write) {
  StreamDesiredStateResponse response;
  v1::DesiredStateHeader& header = *response.mutable_header();
  header.set_read_id(read.read_id());
  ASSIGN_OR_RETURN(*header.mutable_directory(),
                   Show(account, read.directory()));
  header.set_tenant_id(read.tenant_id());
  *header.mutable_read_time() = read.read_time();
  if (write(response)) return absl::OkStatus();
  return Cancelled("READ_CANCELLED", "Nobody takes this stream any more.");
}

absl::StatusOr<v1::Directory> DirectoryManager::Show(
    const AccountName& account, const StoredDirectory& stored) {
  const DirectoryName name(account, stored.directory_id());
  ASSIGN_OR_RETURN(StoredFacts facts, directories_.GetFacts(name));
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(stored.connection()));
  const absl::StatusOr<ConnectionFacts> now =
      authorization_.GetConnection(connection);
  if (now.ok() &&
      now->reauthorization_required != facts.reauthorization_required()) {
    ASSIGN_OR_RETURN(
        facts, directories_.ChangeFacts(name, [&now](StoredFacts& known) {
          known.set_reauthorization_required(now->reauthorization_required);
        }));
  }
  return MessageOf(account, stored, facts);
}

absl::Status DirectoryManager::CheckConnected(
    const ConnectionName& connection) {
  absl::StatusOr<ConnectionFacts> facts =
      authorization_.GetConnection(connection);
  if (absl::IsNotFound(facts.status())) {
    return FailedPrecondition(
        "CONNECTION_NOT_FOUND",
        absl::StrCat("There is no ", connection.ToString(),
                     "; authorize the tenant first."),
        {{"connection", connection.ToString()}});
  }
  RETURN_IF_ERROR(facts.status());
  if (facts->reauthorization_required) {
    return ReauthorizationRequired(connection);
  }
  return absl::OkStatus();
}

absl::Status DirectoryManager::LearnGroups(const DirectoryName& name,
                                           const SealedRead& read) {
  StoredFacts learned;
  for (const std::string& bytes : read.header().directory().selected_groups()) {
    const SourceId id = SourceId::FromBytes(bytes).value_or(SourceId());
    ASSIGN_OR_RETURN(const store::StoredGroup group, read.GetGroup(id));
    StoredFacts::Group& fact = *learned.add_groups();
    fact.set_source_id(bytes);
    fact.set_display_name(group.display_name());
    fact.set_missing(group.missing());
  }
  return directories_
      .ChangeFacts(name,
                   [&learned](StoredFacts& facts) {
                     KeepNames(facts, learned);
                     *facts.mutable_groups() = learned.groups();
                   })
      .status();
}

}  // namespace rollcall::directory
