#include "tests/system/directory/world.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/log/log.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "services/directory/test_sealer.h"
#include "simdjson.h"
#include "tests/fakes/entra/expected.h"

namespace rollcall::directory {
namespace {

constexpr char kConnection[] = "accounts/acme/connections/c1";
constexpr char kDirectory[] = "accounts/acme/directories/d1";
// As the service has it: who limits requests is not the HTTP client.
constexpr int kTenantsAtOnce = 4;

std::string MakeDirectory() {
  std::string path = ::testing::TempDir() + "/entra.XXXXXX";
  EXPECT_NE(mkdtemp(path.data()), nullptr);
  return path;
}

// A token as the authorization service would get one.
std::string AskForToken(http::Client& http, entra::Emulator& emulator) {
  http::Request request;
  request.method = "POST";
  request.url = absl::StrCat(emulator.origin(), "/", emulator.tenant_id(),
                             "/oauth2/v2.0/token");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body =
      http::FormEncode({{"grant_type", "client_credentials"},
                        {"client_id", emulator.client_id()},
                        {"client_secret", emulator.client_secret()},
                        {"scope", "https://graph.microsoft.com/.default"}});
  const auto response = http.Send(request);
  EXPECT_OK(response);
  simdjson::dom::parser parser;
  std::string_view token;
  EXPECT_FALSE(parser.parse(response->body).at_key("access_token").get(token))
      << response->body;
  return std::string(token);
}

struct Line {
  std::string source_id;
  std::string user_principal_name;
  std::string username;
  std::string display_name;
  std::string email;
  bool enabled = false;
  bool guest = false;
  bool has_phone_data = false;
  bool collides = false;
  std::vector<std::string> groups;

  std::string ToString() const {
    return absl::StrCat(
        source_id, " ", user_principal_name, " ", username, " \"", display_name,
        "\" <", email, ">", enabled ? " enabled" : "", guest ? " guest" : "",
        has_phone_data ? " phones" : "", collides ? " collides" : "", " ",
        absl::StrJoin(groups, ","));
  }
};

std::string UsernameOf(const std::string& upn, bool normalize) {
  return absl::AsciiStrToLower(normalize ? upn.substr(0, upn.rfind('@')) : upn);
}

}  // namespace

std::vector<std::string> Lines(const Streamed& streamed) {
  std::vector<std::string> lines;
  for (const v1::DesiredUser& user : streamed.users) {
    EXPECT_EQ(user.skip_reason(), "");
    lines.push_back(Line{.source_id = user.source_id(),
                         .user_principal_name = user.user_principal_name(),
                         .username = user.username(),
                         .display_name = user.display_name(),
                         .email = user.email(),
                         .enabled = user.enabled(),
                         .guest = user.guest(),
                         .has_phone_data = user.has_phone_data(),
                         .collides = user.username_collides(),
                         .groups = {user.group_source_ids().begin(),
                                    user.group_source_ids().end()}}
                        .ToString());
  }
  return lines;
}

std::vector<std::string> ExpectedLines(entra::Emulator& emulator,
                                       const std::vector<std::string>& groups,
                                       const v1::Directory& options) {
  using entra::UserText;
  return emulator.tenant().Read([&](const entra::TenantState& state) {
    std::vector<entra::ObjectRef> selected;
    for (const std::string& name : groups) {
      const auto id = entra::Guid::Parse(name);
      const auto group = id ? state.Find(*id) : state.FindGroup(name);
      if (group && state.IsLive(*group)) selected.push_back(*group);
    }
    std::vector<Line> lines;
    std::map<std::string, int> count;
    for (const auto& expected : entra::Flatten(state, selected).users) {
      const entra::User& user = state.user(expected.user);
      const auto text = [&user](UserText which) {
        return std::string(user.Text(which).value_or(""));
      };
      // A23: by either sign.
      const bool guest =
          user.guest ||
          absl::StrContains(text(UserText::kUserPrincipalName), "#EXT#");
      if (guest && options.guest_policy() == v1::Directory::EXCLUDE) continue;
      Line line;
      line.source_id = state.IdOf(expected.user).ToString();
      line.user_principal_name = text(UserText::kUserPrincipalName);
      line.username = UsernameOf(line.user_principal_name,
                                 options.username_normalization_enabled());
      line.display_name = text(UserText::kDisplayName);
      line.email = text(UserText::kMail);
      line.enabled = user.enabled;
      line.guest = guest;
      line.has_phone_data = options.phone_import_enabled() &&
                            (user.Text(UserText::kMobilePhone).has_value() ||
                             user.Text(UserText::kBusinessPhone).has_value());
      for (const entra::Guid& group : expected.groups) {
        line.groups.push_back(group.ToString());
      }
      ++count[line.username];
      lines.push_back(std::move(line));
    }
    std::vector<std::string> result;
    for (Line& line : lines) {
      line.collides = count[line.username] > 1;
      result.push_back(line.ToString());
    }
    return result;
  });
}

World::World(entra::TenantOptions tenant, FullReadOptions options,
             Http2Front* front)
    : ca_directory_(MakeDirectory()), options_(options) {
  // Many reads fail on purpose here; what they say is looked at.
  SetLogSink([](absl::string_view) {});
  auto emulator = entra::Emulator::Start(
      {.public_origin = front == nullptr ? "" : front->origin(),
       .ca_directory = ca_directory_,
       .tenant = tenant});
  EXPECT_OK(emulator);
  emulator_ = *std::move(emulator);
  if (front != nullptr) front->Serve(emulator_->port(), emulator_->ca_file());
  auto http = http::Client::Create(
      {.ca_file = front == nullptr ? emulator_->ca_file() : front->ca_file(),
       .max_parallel = kTenantsAtOnce * 8});
  EXPECT_OK(http);
  http_ = *std::move(http);
  authorization_ = std::make_unique<FakeAuthorization>(
      kConnection, emulator_->origin(), emulator_->tenant_id());
  RenewToken();
  auto store = rollcall::store::OpenInMemory();
  EXPECT_OK(store);
  store_ = *std::move(store);
  Restart();
}

void World::RenewToken() {
  token_ = AskForToken(*http_, *emulator_);
  authorization_->set_fixed_token(token_);
}

void World::Restart() {
  keeper_.reset();
  manager_.reset();
  graph_ = std::make_unique<GraphClient>(*http_, *authorization_, *store_,
                                         clock_, waiter_);
  manager_ = ManagerOver(*store_);
  keeper_ = KeeperOver(*store_);
}

World::~World() {
  keeper_.reset();
  manager_.reset();
  emulator_.reset();
  std::filesystem::remove_all(ca_directory_);
  SetLogSink(nullptr);
}

std::unique_ptr<DirectoryManager> World::ManagerOver(
    rollcall::store::Store& store) {
  return std::make_unique<DirectoryManager>(store, *authorization_, *graph_,
                                            Clock::GetRealClock());
}

std::unique_ptr<MirrorKeeper> World::KeeperOver(rollcall::store::Store& store) {
  return std::make_unique<MirrorKeeper>(store, *authorization_, *graph_,
                                        TestSealer(), Clock::GetRealClock(),
                                        options_);
}

v1::Directory World::Configure(DirectoryManager& manager,
                               const std::vector<std::string>& group_names,
                               v1::Directory options) {
  options.set_display_name("Test");
  options.set_connection(kConnection);
  options.clear_selected_groups();
  for (const std::string& name : group_names) {
    options.add_selected_groups()->set_source_id(GroupId(name));
  }
  v1::GetDirectoryRequest get;
  get.set_name(kDirectory);
  absl::StatusOr<v1::Directory> result = manager.Get(get);
  if (result.ok()) {
    v1::UpdateDirectoryRequest update;
    *update.mutable_directory() = options;
    update.mutable_directory()->set_name(kDirectory);
    update.mutable_update_mask()->add_paths("*");
    result = manager.Update(update);
  } else {
    v1::CreateDirectoryRequest create;
    create.set_parent("accounts/acme");
    create.set_directory_id("d1");
    *create.mutable_directory() = options;
    result = manager.Create(create);
  }
  EXPECT_OK(result);
  return result.ok() ? *result : v1::Directory();
}

Streamed World::Stream(MirrorKeeper& keeper, absl::string_view read_id,
                       absl::string_view resume_key) {
  v1::StreamDesiredStateRequest request;
  request.set_name(kDirectory);
  request.set_mode(v1::StreamDesiredStateRequest::FULL);
  request.set_read_id(std::string(read_id));
  request.set_resume_key(std::string(resume_key));
  return Run(keeper, request);
}

Streamed World::StreamAssumed(absl::string_view read_id) {
  v1::StreamDesiredStateRequest request;
  request.set_name(kDirectory);
  request.set_mode(v1::StreamDesiredStateRequest::FULL);
  request.set_read_id(std::string(read_id));
  request.set_username_normalization_assumed(true);
  return Run(keeper(), request);
}

Streamed World::Changes(MirrorKeeper& keeper, const std::string& cursor,
                        absl::string_view read_id,
                        absl::string_view resume_key) {
  v1::StreamDesiredStateRequest request;
  request.set_name(kDirectory);
  request.set_mode(v1::StreamDesiredStateRequest::CHANGES);
  request.set_change_cursor(cursor);
  request.set_read_id(std::string(read_id));
  request.set_resume_key(std::string(resume_key));
  return Run(keeper, request);
}

Streamed World::Run(MirrorKeeper& keeper,
                    const v1::StreamDesiredStateRequest& request) {
  Streamed streamed;
  std::string last_user;
  const auto expect_order = [&last_user](const std::string& id) {
    EXPECT_LT(last_user, id);
    last_user = id;
  };
  streamed.status = keeper.StreamDesiredState(
      request, [] { return false; },
      [&streamed,
       &expect_order](const v1::StreamDesiredStateResponse& response) {
        EXPECT_FALSE(streamed.trailer.has_value());  // It is the last message.
        EXPECT_EQ(response.has_header(), !streamed.header.has_value());
        if (response.has_header()) streamed.header = response.header();
        if (response.has_progress()) {
          EXPECT_TRUE(streamed.groups.empty());
          ++streamed.progress_messages;
        }
        if (response.has_group()) {
          EXPECT_TRUE(streamed.users.empty());
          streamed.groups.push_back(response.group());
        }
        if (response.has_user()) {
          expect_order(response.user().source_id());
          streamed.users.push_back(response.user());
        }
        if (response.has_gone_user()) {
          expect_order(response.gone_user().source_id());
          streamed.gone.push_back(response.gone_user());
        }
        if (response.has_trailer()) streamed.trailer = response.trailer();
        return true;
      });
  EXPECT_EQ(streamed.trailer.has_value(), streamed.status.ok());
  return streamed;
}

std::string World::GroupId(const std::string& name) {
  const auto group = emulator_->tenant().FindGroup(name);
  EXPECT_TRUE(group.has_value()) << name;
  return group.has_value() ? group->id : "";
}

}  // namespace rollcall::directory
