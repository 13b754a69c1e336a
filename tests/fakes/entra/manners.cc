#include "tests/fakes/entra/manners.h"

#include <optional>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/retry_after.h"

namespace rollcall::entra {
namespace {

constexpr int kMostInFlight = 8;
constexpr size_t kSentencesOfEach = 20;
// The clocks of two processes may tell a wait apart by so much.
constexpr absl::Duration kTolerance = absl::Milliseconds(5);
// Requests that were on their way when the others were told to wait.
constexpr absl::Duration kOnTheirWay = absl::Seconds(1);
constexpr size_t kMostRemembered = 10'000;

std::string Describe(const HttpRequest& request) {
  return absl::StrCat(request.method, " ", request.path,
                      request.query.empty() ? "" : "?", request.query);
}

// Of the very same request; questions differ by their bodies.
std::string KeyOf(const HttpRequest& request) {
  return absl::StrCat(Describe(request), " ",
                      absl::Hash<std::string>()(request.body));
}

bool IsWrite(const HttpRequest& request) {
  if (request.method == "GET") return false;
  if (request.method != "POST") {
    return !absl::StartsWithIgnoreCase(request.path, "/v1.0/subscriptions");
  }
  for (absl::string_view reading :
       {"/$batch", "/getByIds", "/checkMemberGroups", "/getMemberGroups"}) {
    if (absl::EndsWithIgnoreCase(DecodePath(request.path), reading)) {
      return false;
    }
  }
  return !absl::StartsWithIgnoreCase(request.path, "/v1.0/subscriptions");
}

}  // namespace

absl::string_view MannerName(BadManner manner) {
  switch (manner) {
    case BadManner::kDuringRetryAfter:
      return "during_retry_after";
    case BadManner::kRetrySooner:
      return "retry_sooner";
    case BadManner::kTooMany:
      return "too_many";
    case BadManner::kNoPriority:
      return "no_priority";
    case BadManner::kWrite:
      return "write";
    default:
      return "token_elsewhere";
  }
}

Manners::InFlight::~InFlight() { manners_.Leave(); }

Manners::InFlight Manners::Arrives(const HttpRequest& request, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (++in_flight_ > kMostInFlight) {
    Note(BadManner::kTooMany, absl::StrCat(Describe(request), " was request ",
                                           in_flight_, " at the same time."));
  }
  if (!absl::EqualsIgnoreCase(request.Header("x-ms-throttle-priority"),
                              "Low")) {
    Note(BadManner::kNoPriority,
         absl::StrCat(Describe(request),
                      " came without x-ms-throttle-priority: Low."));
  }
  CheckWaiting(request, now);
  return InFlight(*this);
}

void Manners::Item(const HttpRequest& item, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  CheckWaiting(item, now);
}

void Manners::CheckWaiting(const HttpRequest& request, absl::Time now) {
  if (IsWrite(request)) {
    Note(BadManner::kWrite,
         absl::StrCat(Describe(request), " tried to change something."));
  }
  if (now > told_ + kOnTheirWay && now < wait_until_ - kTolerance) {
    Note(BadManner::kDuringRetryAfter,
         absl::StrCat(Describe(request), " came ",
                      absl::FormatDuration(wait_until_ - now),
                      " before the end of a Retry-After for all."));
  }
  if (retry_at_.empty()) return;
  const auto it = retry_at_.find(KeyOf(request));
  if (it == retry_at_.end()) return;
  if (now < it->second - kTolerance) {
    Note(BadManner::kRetrySooner,
         absl::StrCat(Describe(request), " came again ",
                      absl::FormatDuration(it->second - now),
                      " sooner than told."));
  }
  retry_at_.erase(it);
}

void Manners::Answered(const HttpRequest& request, const HttpResponse& response,
                       absl::Time now) {
  const auto header = response.headers.find("Retry-After");
  if (header == response.headers.end()) return;
  const std::optional<absl::Time> again = ReadRetryAfter(header->second, now);
  if (!again.has_value()) return;
  absl::MutexLock lock(&mutex_);
  if (retry_at_.size() >= kMostRemembered) retry_at_.clear();
  retry_at_[KeyOf(request)] = *again;
  // What is throttled is the application in the tenant, not one address.
  if (response.status == 429 && *again > wait_until_) {
    if (now >= wait_until_) told_ = now;
    wait_until_ = *again;
  }
}

void Manners::TokenAt(absl::string_view host) {
  absl::MutexLock lock(&mutex_);
  Note(BadManner::kTokenElsewhere,
       absl::StrCat("A token was sent to ", host, "."));
}

void Manners::Leave() {
  absl::MutexLock lock(&mutex_);
  --in_flight_;
}

void Manners::Note(BadManner manner, std::string sentence) {
  Broken& broken = broken_[static_cast<size_t>(manner)];
  ++broken.count;
  if (broken.first.size() < kSentencesOfEach) {
    broken.first.push_back(std::move(sentence));
  }
}

std::vector<std::string> Manners::Sentences() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> sentences;
  for (const Broken& broken : broken_) {
    sentences.insert(sentences.end(), broken.first.begin(), broken.first.end());
  }
  return sentences;
}

int64_t Manners::CountOf(BadManner manner) const {
  absl::MutexLock lock(&mutex_);
  return broken_[static_cast<size_t>(manner)].count;
}

void Manners::Forget() {
  absl::MutexLock lock(&mutex_);
  for (Broken& broken : broken_) broken = Broken();
  told_ = absl::InfinitePast();
  wait_until_ = absl::InfinitePast();
  retry_at_.clear();
}

}  // namespace rollcall::entra
