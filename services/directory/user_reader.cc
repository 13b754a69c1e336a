#include "services/directory/user_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/page_walk.h"
#include "services/directory/phone.h"
#include "services/directory/record_mapping.h"

namespace rollcall::directory {
namespace {

using store::StoredPhone;
using store::StoredUser;

constexpr size_t kUsersPerQuestion = 1000;  // What getByIds takes.
// So many users that neither way showed are asked for one by one; more than
// that is trouble of another kind, and the read is not complete.
constexpr size_t kMaxConfirmations = 2000;
// Pages that wait to be written while the chain goes on.
constexpr int kMaxPagesUnderWay = 4;

std::string Select(const store::StoredDirectory& options) {
  return absl::StrCat(
      "id,userPrincipalName,displayName,mail,accountEnabled,userType",
      options.phone_import_enabled() ? ",mobilePhone,businessPhones" : "");
}

void FillSource(const SourceUser& user, StoredUser& row) {
  row.set_user_principal_name(user.user_principal_name.value());
  row.set_mail(user.mail.value());
  row.set_user_type(user.user_type.value());
  row.set_mobile_phone(user.mobile_phone.value());
  for (const std::string& phone : user.business_phones.value()) {
    row.add_business_phones(phone);
  }
}

void FillMapped(const MappedUser& mapped, StoredUser& row) {
  row.set_username(mapped.username);
  row.set_display_name(mapped.display_name);
  row.set_email(mapped.email);
  row.set_account_enabled(mapped.enabled);
  row.set_guest(mapped.guest);
  row.set_skip_reason(mapped.skip_reason);
  for (const std::string& warning : mapped.warnings) row.add_warnings(warning);
}

void FillPhones(const PhoneReading& reading, StoredUser& row) {
  row.set_has_phone_data(reading.has_phone_data);
  for (const Phone& phone : reading.phones) {
    StoredPhone& stored = *row.add_phones();
    stored.set_number(phone.number);
    stored.set_office(phone.kind == PhoneKind::kOffice);
  }
  for (const std::string& warning : reading.warnings) {
    row.add_warnings(warning);
  }
}

}  // namespace

UserReader::UserReader(GraphSession& graph, ReadWriter& writer, WorkCrew& crew,
                       ReadCounters& counters, const MembershipIndex& scope)
    : graph_(graph),
      writer_(writer),
      crew_(crew),
      counters_(counters),
      scope_(scope),
      options_(writer.header().directory()),
      select_(Select(options_)),
      users_(scope.size()) {}

absl::Status UserReader::Read(UserSource source,
                              const std::function<void()>& tick) {
  if (source == UserSource::kBySize) {
    ASSIGN_OR_RETURN(source, Choose());
  }
  if (source == UserSource::kList) {
    crew_.Add([this] { return List(); });
    RETURN_IF_ERROR(crew_.Wait(tick));
  }
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
  if (to_confirm.size() > kMaxConfirmations) {
    GiveUp(to_confirm,
           Unavailable("USERS_NOT_SHOWN", "The tenant did not show them."));
  } else {
    for (const uint32_t number : to_confirm) {
      crew_.Add([this, number] { return Confirm(number); });
    }
    RETURN_IF_ERROR(crew_.Wait(tick));
  }

  evidence_.unread = CountOf(Outcome::kUnread);
  for (const User& user : users_) evidence_.hidden += user.hidden ? 1 : 0;
  absl::MutexLock lock(&mutex_);
  evidence_.unread_error = first_error_;
  return absl::OkStatus();
}

absl::StatusOr<UserSource> UserReader::Choose() {
  if (scope_.size() <= kUsersPerQuestion) return UserSource::kByIds;
  // The count comes from an index that lags; it decides about the way only.
  const absl::StatusOr<std::string> body =
      graph_.Get("/v1.0/users/$count", {{"ConsistencyLevel", "eventual"}});
  if (EndsTheRead(body.status())) return body.status();
  if (!body.ok()) return UserSource::kByIds;
  const absl::optional<int64_t> count = ParseCount(*body);
  const bool is_large =
      count.has_value() && 2 * static_cast<int64_t>(scope_.size()) >= *count;
  return is_large ? UserSource::kList : UserSource::kByIds;
}

absl::Status UserReader::List() {
  const absl::Status chain = WalkPages<SourceUser>(
      graph_,
      {.path = absl::StrCat("/v1.0/users?$select=", select_, "&$top=999"),
       .parse = ParseUserPage,
       .begin = [] {},  // Users that were there once stay.
       .take =
           [this](Page<SourceUser> page) {
             // The next page is fetched while this one is written, unless too
             // many wait already.
             if (++pages_under_way_ > kMaxPagesUnderWay) {
               --pages_under_way_;
               return Fold(page);
             }
             auto shared = std::make_shared<Page<SourceUser>>(std::move(page));
             crew_.Add([this, shared] {
               absl::Status status = Fold(*shared);
               --pages_under_way_;
               return status;
             });
             return absl::OkStatus();
           }});
  // If the chain was cut, the rest is asked for by id.
  return EndsTheRead(chain) ? chain : absl::OkStatus();
}

absl::Status UserReader::AskForIds(const std::vector<uint32_t>& numbers) {
  std::vector<SourceId> ids;
  ids.reserve(numbers.size());
  for (const uint32_t number : numbers) ids.push_back(scope_.user(number));
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
      "/v1.0/users/", scope_.user(number).ToString(), "?$select=", select_));
  // Authorization says NOT_FOUND too, of the connection.
  if (ReasonOf(body.status()) == "GRAPH_NOT_FOUND") {
    users_[number].outcome = Outcome::kDangling;
    return absl::OkStatus();
  }
  if (EndsTheRead(body.status())) return body.status();
  absl::StatusOr<SourceUser> user =
      body.ok() ? ParseUser(*body) : absl::StatusOr<SourceUser>(body.status());
  if (!user.ok() || user->id != scope_.user(number)) {
    GiveUp({number}, user.ok() ? Unavailable("USERS_NOT_SHOWN",
                                             "The tenant showed another user.")
                               : user.status());
    return absl::OkStatus();
  }
  Page<SourceUser> page;
  page.items.push_back(*std::move(user));
  return Fold(page);
}

bool UserReader::Claim(const SourceId& id, uint32_t& number) {
  const absl::optional<uint32_t> found = scope_.Find(id);
  if (!found.has_value()) return false;
  number = *found;
  return !std::exchange(users_[number].claimed, true);
}

absl::Status UserReader::Fold(const Page<SourceUser>& page) {
  struct Claimed {
    uint32_t number;
    const SourceUser* user = nullptr;  // One of the two.
    const SkippedObject* skipped = nullptr;
  };
  std::vector<Claimed> claimed;
  {
    absl::MutexLock lock(&mutex_);
    uint32_t number = 0;
    for (const SourceUser& user : page.items) {
      if (Claim(user.id, number)) claimed.push_back({number, &user, nullptr});
    }
    for (const SkippedObject& skipped : page.skipped) {
      // Who told no id is asked for by id later, and counts as unread if that
      // does not help.
      if (skipped.id.has_value() && Claim(*skipped.id, number)) {
        claimed.push_back({number, nullptr, &skipped});
      }
    }
  }
  counters_.objects_read += static_cast<int64_t>(claimed.size());
  std::vector<std::pair<SourceId, StoredUser>> rows;
  rows.reserve(claimed.size());
  for (const Claimed& claim : claimed) {
    StoredUser row;
    if (claim.user != nullptr) {
      row = Map(*claim.user, claim.number);
    } else {
      // Who cannot be read is still there: known by id, not imported, and not
      // to be removed either.
      FillMapped(SkippedUser(claim.skipped->reason), row);
      users_[claim.number].outcome = Outcome::kImported;
    }
    if (users_[claim.number].outcome == Outcome::kImported) {
      rows.emplace_back(scope_.user(claim.number), std::move(row));
    }
  }
  return writer_.PutUsers(rows);
}

StoredUser UserReader::Map(const SourceUser& source, uint32_t number) {
  const MappedUser mapped = MapUser(
      source,
      {.normalize_usernames = options_.username_normalization_enabled()});
  PhoneReading phones;
  if (options_.phone_import_enabled()) {
    phones = ReadPhones(source, options_.default_region_code());
  }
  StoredUser row;
  FillSource(source, row);
  FillMapped(mapped, row);
  FillPhones(phones, row);

  User& user = users_[number];
  const bool excluded = mapped.guest && options_.guests_excluded();
  user.outcome = excluded ? Outcome::kExcluded : Outcome::kImported;
  user.hidden = source.is_limited();
  user.malformed_email = !mapped.warnings.empty();
  user.malformed_phones = static_cast<uint8_t>(phones.warnings.size());
  if (!excluded && !mapped.username.empty()) {
    user.mark = MarkOf(mapped.username);
  }
  return row;
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

std::map<std::string, int64_t> UserReader::CountWarnings() const {
  int64_t emails = 0;
  int64_t phones = 0;
  for (const User& user : users_) {
    if (user.outcome != Outcome::kImported) continue;
    emails += user.malformed_email ? 1 : 0;
    phones += user.malformed_phones;
  }
  std::map<std::string, int64_t> warnings;
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
