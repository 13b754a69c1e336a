// One life of a directory service, to be ended by kill -9: opens the store,
// obeys the commands of its standard input, and says on its standard output,
// a line each, what it begins, what it streams and how it ended.
//
//   changes CURSOR   streams the changes since
//   everything       reads everything, and streams it
//   held             streams the mirror as it is, without asking the tenant
//   wander SEED      does all of this and more, at random, until it is killed
#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/crypto/sealer.h"
#include "common/http/client.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "rocksdb/env.h"
#include "services/directory/auditor.h"
#include "services/directory/desired_state.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/graph_client.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"
#include "services/directory/mirror_view.h"
#include "services/directory/waiter.h"
#include "services/directory/worker.h"
#include "tests/fakes/entra/prng.h"
#include "tests/system/crash/doom.h"
#include "tests/system/crash/doomed_file_system.h"
#include "tests/system/crash/doomed_store.h"

ABSL_FLAG(std::string, origin, "", "Where Graph is.");
ABSL_FLAG(std::string, tenant_id, "", "The tenant.");
ABSL_FLAG(std::string, token, "", "A bearer token for it.");
ABSL_FLAG(std::string, ca_file, "", "The authority of its certificate.");
ABSL_FLAG(std::string, store, "", "The folder of the store.");
ABSL_FLAG(std::string, key_file, "", "The key file that seals links.");
ABSL_FLAG(std::vector<std::string>, groups, {}, "Ids of the selected groups.");
ABSL_FLAG(std::string, doom, "", "At which events to die, or none.");
ABSL_FLAG(int, doom_count, 1, "At which of them.");
ABSL_FLAG(bool, doomed_from_start, false,
          "Whether events count at once, or from `wander` on.");

namespace rollcall::directory {
namespace {

using v1::StreamDesiredStateRequest;
using v1::StreamDesiredStateResponse;

constexpr char kConnection[] = "accounts/acme/connections/c1";
constexpr char kDirectory[] = "accounts/acme/directories/d1";

// Whole lines, at once: what is told is told, however soon the end comes.
void Say(absl::string_view line) {
  static absl::Mutex mutex(absl::kConstInit);
  absl::MutexLock lock(&mutex);
  std::cout << line << '\n' << std::flush;
}

// Tells whenever somebody looks at it. That is several times per request, so
// whoever listens has many moments to choose from.
class TalkativeClock : public Clock {
 public:
  absl::Time TimeNow() override {
    Say("clock");
    return Clock::GetRealClock().TimeNow();
  }
};

class Life {
 public:
  // All must outlive the life.
  Life(rollcall::store::Store& store, AuthorizationClient& authorization,
       GraphClient& graph, const Sealer& sealer, Clock& clock, Doom& doom)
      : store_(store),
        doom_(doom),
        manager_(store, authorization, graph, clock),
        keeper_(store, authorization, graph, sealer, clock, {.parallelism = 4}),
        auditor_(store, keeper_),
        sweeper_(store) {}

  // The first life makes the directory, unless it dies before.
  absl::Status Configure(const std::vector<std::string>& groups) {
    v1::GetDirectoryRequest get;
    get.set_name(kDirectory);
    const auto known = manager_.Get(get);
    if (!absl::IsNotFound(known.status())) return known.status();
    v1::CreateDirectoryRequest create;
    create.set_parent("accounts/acme");
    create.set_directory_id("d1");
    create.mutable_directory()->set_display_name("Mortal");
    create.mutable_directory()->set_connection(kConnection);
    for (const std::string& id : groups) {
      create.mutable_directory()->add_selected_groups()->set_source_id(id);
    }
    return manager_.Create(create).status();
  }

  void Obey(absl::string_view line) {
    const std::pair<absl::string_view, absl::string_view> words =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    uint64_t seed = 0;
    if (words.first == "changes") {
      Do(line, [&] { return Changes(std::string(words.second)); });
    } else if (words.first == "everything") {
      Do(line, [&] { return Everything(); });
    } else if (words.first == "held") {
      Do(line, [&] { return Held(); });
    } else if (words.first == "wander" &&
               absl::SimpleAtoi(words.second, &seed)) {
      Wander(entra::Prng(seed));
    } else {
      Say(absl::StrCat("failed: no such command: ", line));
    }
  }

 private:
  template <typename Act>
  void Do(absl::string_view what, Act act) {
    Say(absl::StrCat("begin ", what));
    const absl::Status status = act();
    if (!status.ok()) return Say(absl::StrCat("failed: ", status.ToString()));
    const auto mirror =
        FindMirror(store_, DirectoryName(AccountName("acme"), "d1"));
    Say(absl::StrCat("done in generation ", mirror.ok() && mirror->has_value()
                                                ? (*mirror)->generation()
                                                : 0));
  }

  bool Tell(const StreamDesiredStateResponse& message) {
    if (message.has_trailer()) cursor_ = message.trailer().change_cursor();
    Say(absl::StrCat("message ",
                     absl::Base64Escape(message.SerializeAsString())));
    return true;
  }

  absl::Status Stream(StreamDesiredStateRequest request) {
    request.set_name(kDirectory);
    return keeper_.StreamDesiredState(
        request, [] { return false; },
        [this](const auto& message) { return Tell(message); });
  }
  absl::Status Changes(const std::string& cursor) {
    StreamDesiredStateRequest request;
    request.set_mode(StreamDesiredStateRequest::CHANGES);
    request.set_change_cursor(cursor);
    return Stream(std::move(request));
  }
  absl::Status Everything() {
    StreamDesiredStateRequest request;
    request.set_mode(StreamDesiredStateRequest::FULL);
    return Stream(std::move(request));
  }
  absl::Status Held() {
    ASSIGN_OR_RETURN(
        const auto mirror,
        MirrorView::Open(store_, DirectoryName(AccountName("acme"), "d1")));
    if (mirror == nullptr) return NotFound("MIRROR_NOT_FOUND", "No mirror.");
    return StreamEverything(
        *mirror, absl::nullopt, cursor_,
        [this](const auto& message) { return Tell(message); });
  }
  absl::Status Audit() {
    // A slice is due at any time, if this is tomorrow.
    return auditor_.RunOnce(Clock::GetRealClock().TimeNow() + absl::Hours(24))
        .status();
  }
  absl::Status Sweep() {
    while (true) {
      ASSIGN_OR_RETURN(const Pace pace,
                       sweeper_.RunOnce(Clock::GetRealClock().TimeNow()));
      if (pace == Pace::kRest) return absl::OkStatus();
    }
  }

  [[noreturn]] void Wander(entra::Prng prng) {
    doom_.Arm();
    while (true) {
      const uint64_t choice = prng.Below(10);
      if (choice < 4) {
        Do("round", [this] { return Changes(cursor_); });
      } else if (choice < 7) {
        Do("audit", [this] { return Audit(); });
      } else if (choice < 9) {
        Do("full read", [this] { return Everything(); });
      } else {
        Do("sweep", [this] { return Sweep(); });
      }
    }
  }

  rollcall::store::Store& store_;
  Doom& doom_;
  DirectoryManager manager_;
  MirrorKeeper keeper_;
  MirrorAuditor auditor_;
  ReadSweeper sweeper_;
  std::string cursor_;  // Of the last stream.
};

absl::Status Run() {
  Doom doom(absl::GetFlag(FLAGS_doom), absl::GetFlag(FLAGS_doom_count));
  if (absl::GetFlag(FLAGS_doomed_from_start)) doom.Arm();
  const std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<DoomedFileSystem>(doom));
  ASSIGN_OR_RETURN(const Sealer sealer,
                   Sealer::FromFile(absl::GetFlag(FLAGS_key_file)));
  ASSIGN_OR_RETURN(const auto disk,
                   rollcall::store::OpenRocksDb(
                       {.path = absl::GetFlag(FLAGS_store),
                        .owner = "directory",
                        // Small, so that files are written now and then.
                        .write_buffer_bytes = size_t{256} << 10,
                        .env = env.get()}));
  DoomedStore store(*disk, doom);
  ASSIGN_OR_RETURN(
      const auto http,
      http::Client::Create(
          {.ca_file = absl::GetFlag(FLAGS_ca_file), .max_parallel = 4}));
  FakeAuthorization authorization(kConnection, absl::GetFlag(FLAGS_origin),
                                  absl::GetFlag(FLAGS_tenant_id));
  authorization.set_fixed_token(absl::GetFlag(FLAGS_token));
  TalkativeClock clock;
  RealWaiter waiter;
  GraphClient graph(*http, authorization, store, clock, waiter);
  Life life(store, authorization, graph, sealer, clock, doom);
  RETURN_IF_ERROR(life.Configure(absl::GetFlag(FLAGS_groups)));
  ASSIGN_OR_RETURN(const auto mirror,
                   FindMirror(store, DirectoryName(AccountName("acme"), "d1")));
  Say(absl::StrCat("ready in generation ",
                   mirror.has_value() ? mirror->generation() : 0));
  std::string line;
  while (std::getline(std::cin, line)) life.Obey(line);
  return absl::OkStatus();
}

}  // namespace
}  // namespace rollcall::directory

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // Nobody is left behind.
  absl::ParseCommandLine(argc, argv);
  rollcall::SetLogSink([](absl::string_view) {});
  const absl::Status status = rollcall::directory::Run();
  if (status.ok()) return EXIT_SUCCESS;
  std::cout << "failed: " << status.ToString() << std::endl;
  return EXIT_FAILURE;
}
