#include "tests/system/crash/trial.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "common/crypto/sealer.h"
#include "gtest/gtest.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/random_timeline.h"
#include "tests/fakes/entra/test_client.h"
#include "tests/system/crash/fated_life.h"
#include "tests/system/directory/follower.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {
namespace {

constexpr entra::TenantOptions kTenant = {
    .users = 60, .groups = 14, .seed = 12, .same_short_names = 2};

std::string MakeFolder() {
  std::string path = ::testing::TempDir() + "/crash.XXXXXX";
  return mkdtemp(path.data()) == nullptr ? "" : path;
}

// The first difference of two sorted lists of lines.
std::string Difference(const std::vector<std::string>& told,
                       const std::vector<std::string>& truth) {
  for (size_t i = 0; i < std::max(told.size(), truth.size()); ++i) {
    const std::string mine = i < told.size() ? told[i] : "(nobody)";
    const std::string real = i < truth.size() ? truth[i] : "(nobody)";
    if (mine != real) return absl::StrCat("told ", mine, "; truth ", real);
  }
  return "";
}

// Adds what one line tells; false if it is not about the stream.
bool AddTo(Streamed& streamed, absl::string_view line) {
  if (!absl::ConsumePrefix(&line, "message ")) return false;
  std::string bytes;
  v1::StreamDesiredStateResponse message;
  if (!absl::Base64Unescape(line, &bytes) || !message.ParseFromString(bytes)) {
    return false;
  }
  if (message.has_header()) streamed.header = message.header();
  if (message.has_group()) streamed.groups.push_back(message.group());
  if (message.has_user()) streamed.users.push_back(message.user());
  if (message.has_gone_user()) streamed.gone.push_back(message.gone_user());
  if (message.has_trailer()) streamed.trailer = message.trailer();
  return true;
}

class Trial {
 public:
  explicit Trial(const TrialOptions& options)
      : options_(options),
        prng_(options.seed),
        folder_(MakeFolder()),
        emulator_(*entra::Emulator::Start({.ca_directory = folder_,
                                           .tenant = kTenant,
                                           .notify_in_background = false})),
        token_(entra::TestClient(*emulator_).Token()) {
    emulator_->delta().Edit([](entra::DeltaSettings& settings) {
      settings.page_size = 10;
      settings.slice_size = 5;
    });
    entra::TimelineOptions kept;
    for (const std::string& name : kDepartments) {
      group_ids_.push_back(emulator_->tenant().FindGroup(name)->id);
    }
    kept.keep_groups = group_ids_;
    kept.hide_memberships = false;
    timeline_ = std::make_unique<entra::RandomTimeline>(
        emulator_->tenant(), prng_.Next(), std::move(kept));
    std::ofstream(KeyFile()) << Sealer::GenerateKeyFile();
    chmod(KeyFile().c_str(), 0600);
  }
  ~Trial() {
    emulator_.reset();
    std::filesystem::remove_all(folder_);
  }

  Findings Run() {
    // The first look at the tenant is left alone: there is nothing to lose yet.
    LiveOnce(/*early=*/false);
    while (findings_.kills < options_.kills && Well()) {
      LiveOnce(/*early=*/prng_.Chance(0.25));
    }
    if (Well()) Outlive();
    return findings_;
  }

 private:
  bool Well() const { return findings_.defect.empty(); }
  void Defect(const std::string& what) {
    if (Well()) {
      findings_.defect =
          absl::StrCat("after ", findings_.kills, " kills: ", what);
    }
  }
  void Note(std::string line) { findings_.story.push_back(std::move(line)); }
  std::string KeyFile() const { return folder_ + "/key"; }
  std::vector<std::string> Truth() {
    return ExpectedLines(*emulator_, kDepartments, v1::Directory());
  }
  void ChangeTenant() {
    Note("the tenant: " + timeline_->Step());
    ++findings_.changes;
  }

  std::unique_ptr<Life> Begin(const Fate& fate) {
    std::unique_ptr<Life> life = Life::Begin(
        fate, *emulator_,
        {absl::StrCat("--token=", token_),
         absl::StrCat("--store=", folder_, "/store"),
         absl::StrCat("--key_file=", KeyFile()),
         absl::StrCat("--groups=", absl::StrJoin(group_ids_, ","))});
    if (life == nullptr) Defect("the program does not start");
    return life;
  }

  void LiveOnce(bool early) {
    const Fate fate = ChooseFate(options_.deaths, early, prng_);
    Note("a life, to be ended by " + fate.ToString());
    const std::unique_ptr<Life> life = Begin(fate);
    if (life == nullptr) return;
    if (CatchUp(*life)) {
      life->BeginToCount();
      life->Write(absl::StrCat("wander ", prng_.Next()));
      Watch(*life);
    } else {
      ++findings_.early_kills;
    }
    if (!Well()) return;
    if (!life->WasKilled()) return Defect("a life ended by itself");
    ++findings_.kills;
    Note("killed");
    for (uint64_t left = prng_.Below(4); left > 0; --left) ChangeTenant();
  }

  // The last life ends when nobody talks to it any more.
  void Outlive() {
    const std::unique_ptr<Life> life = Begin(Fate{.count = 1 << 30});
    if (life != nullptr && !CatchUp(*life)) Defect("the last life died");
  }

  // What one command streams; none if death came first, or a defect.
  absl::optional<Streamed> Ask(Life& life, absl::string_view command) {
    life.Write(command);
    Streamed streamed;
    while (absl::optional<std::string> line = life.Next()) {
      absl::string_view rest = *line;
      if (absl::ConsumePrefix(&rest, "done in generation ")) {
        Note(absl::StrCat(command, ": ", streamed.users.size(), " users, ",
                          streamed.gone.size(), " gone, ",
                          streamed.complete() ? "complete" : "incomplete",
                          " generation ", rest));
        generation_ = std::string(rest);
        return streamed;
      }
      if (absl::StartsWith(rest, "failed")) {
        Defect(absl::StrCat(command, ": ", rest));
        return absl::nullopt;
      }
      AddTo(streamed, rest);
    }
    return absl::nullopt;
  }

  // The tenant rests meanwhile. False if death came first, or a defect.
  bool CatchUp(Life& life) {
    std::string generation;
    while (generation.empty()) {
      absl::optional<std::string> line = life.Next();
      if (!line.has_value()) return false;
      absl::string_view rest = *line;
      if (absl::StartsWith(rest, "failed")) Defect(*line);
      if (absl::ConsumePrefix(&rest, "ready in generation ")) {
        generation = std::string(rest);
      }
    }
    if (follower_.cursor().empty()) {
      const auto everything = Ask(life, "everything");
      if (!everything.has_value()) return false;
      Take(*everything);
      sleeper_ = follower_;
    } else if (!CatchUpByChanges(life, generation)) {
      return false;
    }
    Check("the follower", follower_.UserLines());
    if (!Well()) Inspect(life);
    if (careless_.has_value()) {
      ++findings_.careless_followers;
      if (careless_->UserLines() != Truth()) {
        ++findings_.careless_followers_wrong;
      }
      careless_.reset();
    }
    if (told_before_.has_value()) careless_ = std::exchange(told_before_, {});
    if (Well() && findings_.kills >= next_inspection_) Inspect(life);
    return Well();
  }

  bool CatchUpByChanges(Life& life, const std::string& generation) {
    const auto changes =
        Ask(life, absl::StrCat("changes ", follower_.cursor()));
    if (!changes.has_value()) return false;
    if (generation_ != generation) Defect("rounds did not suffice");
    const bool tells = !changes->users.empty() || !changes->gone.empty();
    if (tells) told_before_ = follower_;
    Take(*changes);
    if (!changes->complete()) {
      ++findings_.incomplete_mirrors;
      const auto everything = Ask(life, "everything");
      if (!everything.has_value()) return false;
      if (!everything->complete()) Defect("a calm tenant is incomplete");
      Take(*everything);
      told_before_.reset();
    }
    return true;
  }

  // The mirror as a whole, and somebody who has not looked for ten lives.
  void Inspect(Life& life) {
    const auto held = Ask(life, "held");
    if (!held.has_value()) return;
    Check("the mirror", Lines(*held));
    const auto changes = Ask(life, absl::StrCat("changes ", sleeper_.cursor()));
    if (!changes.has_value()) return;
    sleeper_.Take(*changes);
    Check("who slept for ten lives", sleeper_.UserLines());
    next_inspection_ = findings_.kills + 10;
  }

  void Check(absl::string_view who, const std::vector<std::string>& told) {
    const std::string difference = Difference(told, Truth());
    if (!difference.empty()) Defect(absl::StrCat(who, ": ", difference));
    Note(absl::StrCat(who, ": ", difference.empty() ? "true" : difference));
  }

  // As reconciliation does, while the tenant changes; or reconciliation does
  // not listen.
  void Watch(Life& life) {
    bool listens = prng_.Chance(0.7);
    std::string operation;
    Streamed streamed;
    while (absl::optional<std::string> line = life.Next()) {
      absl::string_view rest = *line;
      if (rest == "clock") {
        if (prng_.Chance(1.0 / 32)) ChangeTenant();
      } else if (absl::ConsumePrefix(&rest, "begin ")) {
        operation = std::string(rest);
        Note("begin " + operation);
        streamed = Streamed();
      } else if (absl::StartsWith(rest, "failed")) {
        return Defect(absl::StrCat(operation, ": ", rest));
      } else if (absl::StartsWith(rest, "done")) {
        operation.clear();
        // Who was not told of everything must not go on from there.
        listens = listens && (!streamed.header.has_value() || Take(streamed));
        Note(listens ? "done" : "done, not heard");
      } else {
        AddTo(streamed, rest);
      }
    }
    ++findings_.interrupted[operation.empty() ? "nothing" : operation];
  }

  // False if it tells less than everything, and is not taken.
  bool Take(const Streamed& streamed) {
    const bool everything =
        streamed.header->mode() == v1::StreamDesiredStateRequest::FULL;
    if (everything && !streamed.complete()) return false;
    follower_.Take(streamed);
    if (careless_.has_value()) careless_->Take(streamed);
    return true;
  }

  const TrialOptions options_;
  entra::Prng prng_;
  const std::string folder_;
  std::unique_ptr<entra::Emulator> emulator_;
  const std::string token_;
  std::vector<std::string> group_ids_;
  std::unique_ptr<entra::RandomTimeline> timeline_;
  std::string generation_;  // After the last command.

  Follower follower_;
  Follower sleeper_;
  // Leaves out one stream, and is looked at in the next life.
  absl::optional<Follower> careless_;
  absl::optional<Follower> told_before_;
  int next_inspection_ = 0;
  Findings findings_;
};

}  // namespace

Findings RunTrial(const TrialOptions& options) { return Trial(options).Run(); }

}  // namespace rollcall::directory
