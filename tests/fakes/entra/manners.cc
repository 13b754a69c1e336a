#include "tests/fakes/entra/manners.h"

#include <algorithm>
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
// Whatever failed does not come again at once.
constexpr absl::Duration kLeastPause = absl::Milliseconds(50);

std::string Describe(const HttpRequest& request) {
  return absl::StrCat(request.method, " ", request.path,
                      request.query.empty() ? "" : "?", request.query);
}

// Of the very same request; questions differ by their bodies.
std::string KeyOf(const HttpRequest& request) {
  return absl::StrCat(Describe(request), " ",
                      absl::Hash<std::string>()(request.body));
}

// Whether asking the very same again may help. A refused token is replaced at
// once, which makes it another request; what is not there is an answer; and a
// connection that ends without a byte may have been idle for too long, which
// HTTP libraries make up for by themselves.
bool HasFailed(const HttpResponse& response) {
  const int status = response.status;
  if (response.break_after == 0) return false;
  return response.break_after.has_value() || response.damaged ||
         status >= 500 || status == 400 || status == 408 || status == 429 ||
         (status == 404 && absl::StrContains(response.body, "UnknownError"));
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
    case BadManner::kHotLoop:
      return "hot_loop";
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
  if (again_.empty()) return;
  const auto it = again_.find(KeyOf(request));
  if (it == again_.end()) return;
  const Again again = it->second;
  again_.erase(it);
  if (now < again.told - kTolerance) {
    Note(BadManner::kRetrySooner,
         absl::StrCat(Describe(request), " came again ",
                      absl::FormatDuration(again.told - now),
                      " sooner than told."));
  } else if (now < again.least - kTolerance) {
    Note(BadManner::kHotLoop,
         absl::StrCat(Describe(request),
                      " came again at once, after it had failed."));
  }
}

void Manners::Answered(const HttpRequest& request, const HttpResponse& response,
                       absl::Time now) {
  Again again;
  if (HasFailed(response)) again.least = now + kLeastPause;
  const auto header = response.headers.find("Retry-After");
  // Who did not get the whole answer has not been told to wait.
  if (header != response.headers.end() && !response.break_after.has_value() &&
      !response.damaged) {
    again.told =
        ReadRetryAfter(header->second, now).value_or(absl::InfinitePast());
  }
  if (std::max(again.told, again.least) == absl::InfinitePast()) return;
  absl::MutexLock lock(&mutex_);
  if (again_.size() >= kMostRemembered) again_.clear();
  again_[KeyOf(request)] = again;
  // What is throttled is the application in the tenant, not one address.
  if (response.status == 429 && again.told > wait_until_) {
    if (now >= wait_until_) told_ = now;
    wait_until_ = again.told;
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
  again_.clear();
}

}  // namespace rollcall::entra
