#include "tests/system/differential/trial_follower.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"

namespace rollcall::directory {

using v1::StreamDesiredStateRequest;

struct TrialFollower::Stream {
  absl::Status status;
  absl::optional<v1::DesiredStateHeader> header;
  std::vector<v1::DesiredUser> users;
  std::vector<v1::GoneUser> gone;
  absl::optional<v1::DesiredStateTrailer> trailer;
};

std::string IdOfLine(const std::string& line) {
  return line.substr(0, line.find(' '));
}

void TrialFollower::ReadEverything(MirrorKeeper& keeper) {
  StreamDesiredStateRequest request;
  request.set_mode(StreamDesiredStateRequest::FULL);
  const Stream stream = Open(keeper, request);
  if (!IsUsable(stream)) return;
  if (stream.trailer->user_count() !=
      static_cast<int64_t>(stream.users.size())) {
    options_.story.Defect("the trailer counts other users than were told");
  }
  std::set<std::string> told;
  for (const v1::DesiredUser& user : stream.users) {
    told.insert(user.source_id());
    Upsert(user);
  }
  cursor_ = stream.trailer->change_cursor();
  complete_ = stream.trailer->complete();
  needs_full_ = !complete_;
  if (!complete_) {
    options_.story.Say(
        "  incomplete: " +
        absl::StrJoin(stream.trailer->incomplete_reasons(), " "));
    return;
  }
  std::vector<std::string> candidates;
  for (const auto& [id, user] : users_) {
    if (told.count(id) == 0) candidates.push_back(id);
  }
  for (const std::string& id : candidates) SecondLook(keeper, id);
}

void TrialFollower::ReadChanges(MirrorKeeper& keeper) {
  if (cursor_.empty()) return ReadEverything(keeper);
  StreamDesiredStateRequest request;
  request.set_mode(StreamDesiredStateRequest::CHANGES);
  request.set_change_cursor(cursor_);
  const Stream stream = Open(keeper, request);
  if (ReasonOf(stream.status) == "CHANGE_CURSOR_EXPIRED") {
    return ReadEverything(keeper);
  }
  if (!IsUsable(stream)) return;
  for (const v1::DesiredUser& user : stream.users) Upsert(user);
  for (const v1::GoneUser& gone : stream.gone) {
    if (users_.count(gone.source_id()) > 0) {
      SecondLook(keeper, gone.source_id());
    }
  }
  cursor_ = stream.trailer->change_cursor();
  complete_ = stream.trailer->complete();
  needs_full_ |= !complete_;
}

void TrialFollower::LookAgain(MirrorKeeper& keeper) {
  const std::set<std::string> doubtful = doubtful_;
  for (const std::string& id : doubtful) SecondLook(keeper, id);
}

absl::StatusOr<v1::ReadSourceUserResponse> TrialFollower::ReadUser(
    MirrorKeeper& keeper, const std::string& id) {
  options_.clock.AdvanceTime(kBetweenOperations);
  v1::ReadSourceUserRequest request;
  request.set_name(kTrialDirectory);
  request.set_source_id(id);
  return keeper.ReadSourceUser(request, [] { return false; });
}

void TrialFollower::NoteWhoIsOut() {
  const std::set<std::string> in = IdsInTruth();
  for (const auto& [id, user] : users_) {
    if (in.count(id) == 0) was_out_.insert(id);
  }
}

TrialFollower::Stream TrialFollower::Open(MirrorKeeper& keeper,
                                          StreamDesiredStateRequest request) {
  options_.clock.AdvanceTime(kBetweenOperations);
  request.set_name(kTrialDirectory);
  Story& story = options_.story;
  Stream stream;
  std::string last;
  stream.status = keeper.StreamDesiredState(
      request, [] { return false; },
      [&](const v1::StreamDesiredStateResponse& response) {
        if (stream.trailer.has_value()) {
          story.Defect("a message after the trailer");
        }
        const auto in_order = [&](const std::string& id) {
          if (id <= last) story.Defect("not in key order: " + id);
          last = id;
        };
        if (response.has_header()) stream.header = response.header();
        if (response.has_user()) {
          in_order(response.user().source_id());
          stream.users.push_back(response.user());
        }
        if (response.has_gone_user()) {
          in_order(response.gone_user().source_id());
          stream.gone.push_back(response.gone_user());
        }
        if (response.has_trailer()) stream.trailer = response.trailer();
        return true;
      });
  if (stream.status.ok() != stream.trailer.has_value()) {
    story.Defect("a trailer without success, or success without a trailer");
  }
  if (!stream.status.ok()) {
    story.Say(absl::StrCat("  failed: ", stream.status.ToString()));
  }
  return stream;
}

bool TrialFollower::IsUsable(const Stream& stream) {
  if (!stream.status.ok() && !options_.is_troubled()) {
    options_.story.Defect("failed without a fault: " +
                          stream.status.ToString());
  }
  return stream.status.ok();
}

void TrialFollower::Upsert(const v1::DesiredUser& user) {
  users_[user.source_id()] = user;
  doubtful_.erase(user.source_id());
  was_out_.erase(user.source_id());
  if (IdsInTruth().count(user.source_id()) == 0) {
    was_out_.insert(user.source_id());
  }
}

// B3: nobody is taken away without being looked at again.
void TrialFollower::SecondLook(MirrorKeeper& keeper, const std::string& id) {
  if (!options_.trusts_gone_users) {
    const auto user = ReadUser(keeper, id);
    if (!user.ok() || !user->complete() || user->in_scope()) {
      doubtful_.insert(id);
      return;
    }
  }
  doubtful_.erase(id);
  users_.erase(id);
  options_.story.Say("  taken away: " + id);
  if (was_out_.erase(id) == 0) {
    options_.story.Defect("taken away, though in scope all the time: " + id);
  }
}

std::set<std::string> TrialFollower::IdsInTruth() const {
  std::set<std::string> ids;
  for (const std::string& line : options_.truth()) ids.insert(IdOfLine(line));
  return ids;
}

}  // namespace rollcall::directory
