#include "services/directory/user_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/delta_walk.h"
#include "services/directory/graph_limits.h"
#include "services/directory/page_walk.h"
#include "services/directory/user_row.h"

namespace rollcall::directory {
namespace {

using store::StoredUser;

constexpr int kUsersPerQuestion = 1000;  // What getByIds takes.
// While the groups are read, a list is begun if it would be short, or once this
// part of the memberships has been seen that would make it worth while. In
// vain, it costs one request for each few of the groups.
constexpr int64_t kUsersOfShortList = 20'000;
constexpr int64_t kPartToBegin = 10;
// Threads that write what one chain brings.
constexpr int kListTakers = 2;

}  // namespace

UserReader::UserReader(GraphSession& graph, ReadWriter& writer, WorkCrew& crew,
                       ReadCounters& counters, const ReadLimits& limits,
                       UserSource source, absl::optional<int64_t> tenant_users)
    : graph_(graph),
      writer_(writer),
      crew_(crew),
      counters_(counters),
      limits_(limits),
      source_(source),
      tenant_users_(tenant_users),
      options_(writer.header().directory()),
      select_(UserSelect(options_.phone_import_enabled())),
      list_(graph, select_) {}

void UserReader::Expect(int64_t memberships) {
  const bool is_short =
      source_ == UserSource::kBySize && tenant_users_.has_value() &&
      *tenant_users_ > kUsersPerQuestion && *tenant_users_ <= kUsersOfShortList;
  if (is_short || IsWorthListing(kPartToBegin * memberships)) list_.Begin();
}

absl::Status UserReader::Read(const MembershipIndex& scope,
                              const std::function<void()>& tick) {
  scope_ = &scope;
  users_.resize(scope.size());
  if (IsWorthListing(scope.size())) {
    list_.Begin();
  } else {
    list_.Stop();
  }
  for (int i = 0; i < kListTakers; ++i) {
    crew_.Add([this] { return TakeList(); });
  }
  RETURN_IF_ERROR(crew_.Wait(tick));
  if (IsWorthListing(scope.size())) RETURN_IF_ERROR(list_.status());

  const std::vector<uint32_t> to_ask = Unknown();
  for (size_t i = 0; i < to_ask.size(); i += kUsersPerQuestion) {
    const auto end =
        to_ask.begin() + std::min(to_ask.size(), i + kUsersPerQuestion);
    crew_.Add([this, numbers = std::vector<uint32_t>(to_ask.begin() + i, end)] {
      return AskForIds(numbers);
    });
  }
  RETURN_IF_ERROR(crew_.Wait(tick));

  const std::vector<uint32_t> to_confirm = Unknown();
  if (to_confirm.size() > limits_.confirmations) {
    GiveUp(to_confirm,
           Unavailable("USERS_NOT_SHOWN", "The tenant did not show them."));
  } else {
    for (const uint32_t number : to_confirm) {
      crew_.Add([this, number] { return Confirm(number); });
    }
    RETURN_IF_ERROR(crew_.Wait(tick));
  }

  RETURN_IF_ERROR(WriteOthers());
  evidence_.unread = CountOf(Outcome::kUnread);
  for (const User& user : users_) evidence_.hidden += user.hidden ? 1 : 0;
  absl::MutexLock lock(&mutex_);
  evidence_.unread_error = first_error_;
  return absl::OkStatus();
}

bool UserReader::IsWorthListing(int64_t users) const {
  if (source_ != UserSource::kBySize) return source_ == UserSource::kList;
  return tenant_users_.has_value() && users > kUsersPerQuestion &&
         2 * users >= *tenant_users_;
}

absl::Status UserReader::TakeList() {
  while (absl::optional<Page<SourceUser>> page = list_.Next()) {
    const absl::Status status = Fold(*page);
    if (!status.ok()) {
      list_.Stop();
      return status;
    }
    list_.GiveBack(*std::move(page));
  }
  return absl::OkStatus();
}

absl::Status UserReader::AskForIds(const std::vector<uint32_t>& numbers) {
  std::vector<SourceId> ids;
  ids.reserve(numbers.size());
  for (const uint32_t number : numbers) ids.push_back(scope_->user(number));
  const absl::StatusOr<Page<SourceUser>> page =
      GetByIds(graph_, "user", select_, ids, ParseUserPage);
  if (EndsTheRead(page.status())) return page.status();
  if (!page.ok()) {
    GiveUp(numbers, page.status());
    return absl::OkStatus();
  }
  return Fold(*page);
}

absl::Status UserReader::Confirm(uint32_t number) {
  const absl::StatusOr<std::string> body = graph_.Get(absl::StrCat(
      "/v1.0/users/", scope_->user(number).ToString(), "?$select=", select_));
  // Authorization says NOT_FOUND too, of the connection.
  if (ReasonOf(body.status()) == "GRAPH_NOT_FOUND") {
    users_[number].outcome = Outcome::kDangling;
    return absl::OkStatus();
  }
  if (EndsTheRead(body.status())) return body.status();
  absl::StatusOr<SourceUser> user =
      body.ok() ? ParseUser(*body) : absl::StatusOr<SourceUser>(body.status());
  if (!user.ok() || user->id != scope_->user(number)) {
    GiveUp({number}, user.ok() ? Unavailable("USERS_NOT_SHOWN",
                                             "The tenant showed another user.")
                               : user.status());
    return absl::OkStatus();
  }
  Page<SourceUser> page;
  page.items.push_back(*std::move(user));
  return Fold(page);
}

std::vector<UserReader::ClaimedUser> UserReader::Claim(
    const std::vector<SourceId>& ids) {
  std::vector<absl::optional<uint32_t>> numbers;
  scope_->FindAll(ids, numbers);
  for (const absl::optional<uint32_t>& number : numbers) {
    if (number.has_value()) __builtin_prefetch(users_.data() + *number);
  }
  std::vector<ClaimedUser> claimed;
  claimed.reserve(ids.size());
  absl::MutexLock lock(&mutex_);
  for (size_t place = 0; place < ids.size(); ++place) {
    if (!numbers[place].has_value()) continue;
    const uint32_t number = *numbers[place];
    if (!std::exchange(users_[number].claimed, true)) {
      claimed.push_back({number, place});
    }
  }
  return claimed;
}

absl::Status UserReader::Fold(const Page<SourceUser>& page) {
  std::vector<SourceId> ids;
  ids.reserve(page.items.size() + page.skipped.size());
  for (const SourceUser& user : page.items) ids.push_back(user.id);
  std::vector<const SkippedObject*> skipped;
  for (const SkippedObject& object : page.skipped) {
    // Who told no id is asked for by id later, and counts as unread if that
    // does not help.
    if (!object.id.has_value()) continue;
    ids.push_back(*object.id);
    skipped.push_back(&object);
  }
  const std::vector<ClaimedUser> claimed = Claim(ids);
  counters_.objects_read += static_cast<int64_t>(claimed.size());

  std::string room;  // One for all rows.
  const SourceUser nobody;
  for (const auto& [number, place] : claimed) {
    const bool is_skipped = place >= page.items.size();
    const SourceUser& user = is_skipped ? nobody : page.items[place];
    const MappedRow row =
        is_skipped
            ? MappedRow{SkippedUser(skipped[place - page.items.size()]->reason)}
            : MapRow(user, options_);
    Note(row, number);
    RETURN_IF_ERROR(writer_.PutUser(
        ids[place], WriteRow(user, row, scope_->groups_of(number), room),
        row.excluded ? "" : row.user.username));
  }
  return absl::OkStatus();
}

void UserReader::Note(const MappedRow& row, uint32_t number) {
  User& user = users_[number];
  user.outcome = row.excluded ? Outcome::kExcluded : Outcome::kImported;
  user.hidden = row.user.skip_reason == kSourceHidden;
  if (IsUnreadable(row.user.skip_reason)) {
    absl::MutexLock lock(&mutex_);
    ++unreadable_[row.user.skip_reason];
  }
  user.malformed_email = !row.user.warnings.empty();
  user.malformed_phones = static_cast<uint8_t>(row.phones.warnings.size());
  // Only shortened ones may collide.
  if (options_.username_normalization_enabled() && !row.excluded &&
      !row.user.username.empty()) {
    user.mark = MarkOf(row.user.username);
  }
}

// Who is a member and was not shown has a row nevertheless: when it appears,
// its groups are known.
absl::Status UserReader::WriteOthers() {
  for (uint32_t number = 0; number < users_.size(); ++number) {
    const Outcome outcome = users_[number].outcome;
    if (outcome == Outcome::kImported || outcome == Outcome::kExcluded) {
      continue;
    }
    StoredUser row = outcome == Outcome::kDangling ? AbsentRow() : UnreadRow();
    const absl::Span<const uint32_t> groups = scope_->groups_of(number);
    row.mutable_direct_groups()->Add(groups.begin(), groups.end());
    RETURN_IF_ERROR(writer_.PutUser(scope_->user(number), row));
  }
  return absl::OkStatus();
}

void UserReader::GiveUp(const std::vector<uint32_t>& numbers,
                        const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  for (const uint32_t number : numbers) {
    if (!users_[number].claimed) users_[number].outcome = Outcome::kUnread;
  }
  if (first_error_.empty()) first_error_ = std::string(why.message());
}

std::vector<uint32_t> UserReader::Unknown() {
  absl::MutexLock lock(&mutex_);
  std::vector<uint32_t> unknown;
  for (uint32_t i = 0; i < users_.size(); ++i) {
    if (!users_[i].claimed && users_[i].outcome == Outcome::kUnknown) {
      unknown.push_back(i);
    }
  }
  return unknown;
}

int64_t UserReader::CountOf(Outcome outcome) const {
  return std::count_if(
      users_.begin(), users_.end(),
      [outcome](const User& user) { return user.outcome == outcome; });
}

std::map<std::string, int64_t> UserReader::CountWarnings() {
  int64_t emails = 0;
  int64_t phones = 0;
  for (const User& user : users_) {
    if (user.outcome != Outcome::kImported) continue;
    emails += user.malformed_email ? 1 : 0;
    phones += user.malformed_phones;
  }
  absl::MutexLock lock(&mutex_);
  std::map<std::string, int64_t> warnings = unreadable_;
  if (emails > 0) warnings["EMAIL_MALFORMED"] = emails;
  if (phones > 0) warnings["PHONE_MALFORMED"] = phones;
  return warnings;
}

std::vector<uint32_t> UserReader::Suspects() const {
  std::vector<MarkedUser> marked;
  marked.reserve(users_.size());
  for (uint32_t i = 0; i < users_.size(); ++i) {
    if (users_[i].mark != 0) marked.push_back({users_[i].mark, i});
  }
  return FindSuspects(std::move(marked));
}

}  // namespace rollcall::directory
