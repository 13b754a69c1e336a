#include "tests/fakes/entra/notifier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {
namespace {

constexpr absl::Duration kGiveUpAfter = absl::Hours(4);
constexpr absl::Duration kFirstRetry = absl::Seconds(10);
constexpr absl::Duration kLongestRetry = absl::Minutes(30);
// How long before it expires a subscription is to be renewed.
constexpr absl::Duration kReauthorizeAhead = absl::Hours(1);
// .NET counts 100 ns from the year 1; sequence numbers of Graph do, too, and
// so are beyond what a double can hold.
constexpr int64_t kTicksToUnixEpoch = 621'355'968'000'000'000;

std::string Offset(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3S+00:00", time,
                          absl::UTCTimeZone());
}

absl::Duration RetryAfter(int attempts) {
  absl::Duration wait = kFirstRetry;
  for (int i = 1; i < attempts; ++i) wait = std::min(wait * 2, kLongestRetry);
  return wait;
}

void WriteEnvelope(const Subscription& subscription,
                   const std::string& tenant_id, JsonWriter& json) {
  json.Member("subscriptionId", subscription.id)
      .Member("subscriptionExpirationDateTime", Offset(subscription.expires));
  json.Key("clientState");
  subscription.client_state.empty() ? json.Null()
                                    : json.String(subscription.client_state);
  json.Member("tenantId", tenant_id);
}

// All that one notification tells about one object.
struct Event {
  ObjectRef object;
  bool deletion = false;
  std::vector<Change> members;  // that came or went
  int64_t unix_millis = 0;
  uint64_t position = 0;  // of the last change
};

std::string EventJson(const TenantState& state,
                      const Subscription& subscription, const Event& event,
                      const std::string& tenant_id) {
  const bool is_user = event.object.kind() == ObjectKind::kUser;
  const std::string id = state.IdOf(event.object).ToString();
  const std::string resource = absl::StrCat(is_user ? "Users/" : "Groups/", id);
  const absl::Time time = absl::FromUnixMillis(event.unix_millis);
  std::string out;
  JsonWriter json(out);
  json.BeginObject().Member("changeType",
                            event.deletion ? "deleted" : "updated");
  WriteEnvelope(subscription, tenant_id, json);
  json.Member("resource", resource)
      .Key("resourceData")
      .BeginObject()
      .Member("@odata.type",
              is_user ? "#Microsoft.Graph.User" : "#Microsoft.Graph.Group")
      .Member("@odata.id", resource)
      .Member("id", id)
      .Member("organizationId", tenant_id)
      .Member("eventTime", absl::FormatTime("%Y-%m-%dT%H:%M:%E7SZ", time,
                                            absl::UTCTimeZone()))
      .Key("sequenceNumber")
      .Int(kTicksToUnixEpoch + event.unix_millis * 10'000 +
           static_cast<int64_t>(event.position % 10'000));
  if (!event.members.empty()) {
    json.Key("members@delta").BeginArray();
    for (const Change& change : event.members) {
      json.BeginObject().Member("id", state.IdOf(change.member).ToString());
      if (change.kind == ChangeKind::kMemberRemoved) {
        json.Member("@removed", "deleted");
      }
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject().EndObject();
  return out;
}

}  // namespace

Notifier::Notifier(std::string tenant_id, Tenant& tenant,
                   Subscriptions& subscriptions, Faults& faults)
    : tenant_id_(std::move(tenant_id)),
      tenant_(tenant),
      subscriptions_(subscriptions),
      faults_(faults) {}

std::string Notifier::LifecycleJson(const Subscription& subscription,
                                    absl::string_view event) const {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  WriteEnvelope(subscription, tenant_id_, json);
  json.Member("lifecycleEvent", event)
      .Member("resource", subscription.resource)
      .EndObject();
  return out;
}

void Notifier::Enqueue(const std::string& url, std::string json,
                       absl::Time now) {
  Notice notice{.url = url,
                .json = std::move(json),
                .due = now,
                .give_up = now + kGiveUpAfter};
  if (faults_.Strike(FaultKind::kNotificationLost, url)) return;
  if (const auto late = faults_.Strike(FaultKind::kNotificationLate, url)) {
    notice.due += late->delay;
    notice.give_up += late->delay;
  }
  if (faults_.Strike(FaultKind::kNotificationDuplicated, url)) {
    notices_.push_back(notice);
  }
  notices_.push_back(std::move(notice));
}

absl::Status Notifier::Announce(absl::string_view subscription_id,
                                absl::string_view event, absl::Time now) {
  const auto subscription = subscriptions_.Find(subscription_id, now);
  if (!subscription.has_value() || subscription->lifecycle_url.empty()) {
    return absl::NotFoundError(
        absl::StrCat("No subscription ", subscription_id,
                     " with an address for lifecycle notifications."));
  }
  absl::MutexLock lock(&mutex_);
  Enqueue(subscription->lifecycle_url, LifecycleJson(*subscription, event),
          now);
  return absl::OkStatus();
}

void Notifier::CollectChanges(const TenantState& state, ObjectKind kind,
                              const std::vector<Subscription>& subscriptions,
                              absl::Time now) {
  const bool users = kind == ObjectKind::kUser;
  const ChangeLog& log = users ? state.user_changes() : state.group_changes();
  uint64_t& seen = users ? users_seen_ : groups_seen_;
  for (const Subscription& subscription : subscriptions) {
    if (subscription.kind != kind) continue;
    std::vector<Event> events;  // several changes of one object are one
    for (uint64_t at = std::max(seen, subscription.since); at < log.size();
         ++at) {
      const Change& change = log.at(static_cast<uint32_t>(at));
      if (!subscription.Wants(change, state.IdOf(change.object))) continue;
      const bool deletion = IsDeletion(change);
      if (events.empty() || events.back().object != change.object ||
          events.back().deletion != deletion) {
        events.push_back({.object = change.object, .deletion = deletion});
      }
      if (change.member) events.back().members.push_back(change);
      events.back().unix_millis = change.unix_millis;
      events.back().position = at;
    }
    for (const Event& event : events) {
      Enqueue(subscription.notification_url,
              EventJson(state, subscription, event, tenant_id_), now);
    }
  }
  seen = log.size();
}

void Notifier::Collect(absl::Time now) {
  const std::vector<Subscription> all = subscriptions_.List(now);
  tenant_.Read([&](const TenantState& state) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    CollectChanges(state, ObjectKind::kUser, all, now);
    CollectChanges(state, ObjectKind::kGroup, all, now);
  });
  for (const Subscription& subscription :
       subscriptions_.TakeToReauthorize(now + kReauthorizeAhead, now)) {
    Enqueue(subscription.lifecycle_url,
            LifecycleJson(subscription, "reauthorizationRequired"), now);
  }
}

std::map<std::string, std::vector<Notifier::Notice>> Notifier::TakeDue(
    absl::Time now) {
  std::map<std::string, std::vector<Notice>> by_url;
  std::vector<Notice> kept;
  for (Notice& notice : notices_) {
    if (notice.due > now) {
      kept.push_back(std::move(notice));
      continue;
    }
    switch (health_[notice.url].At(now)) {
      case ReceiverHealth::State::kDrop:
        continue;
      case ReceiverHealth::State::kSlow:
        if (notice.attempts == 0) {
          notice.attempts = 1;
          notice.due = now + ReceiverHealth::kDelay;
          kept.push_back(std::move(notice));
          continue;
        }
        break;
      case ReceiverHealth::State::kGood:
        break;
    }
    by_url[notice.url].push_back(std::move(notice));
  }
  notices_ = std::move(kept);
  return by_url;
}

bool Notifier::Deliver(const std::string& url, std::vector<Notice> notices,
                       absl::Time now) {
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("value").BeginArray();
  for (const Notice& notice : notices) json.Raw(notice.json);
  json.EndArray().EndObject();
  const Receipt receipt =
      subscriptions_.Send(url, "application/json", std::move(body));
  const bool taken = receipt.status >= 200 && receipt.status < 300;
  absl::MutexLock lock(&mutex_);
  health_[url].Answered(
      receipt.status == 0 || receipt.took >= subscriptions_.patience(), now);
  if (taken) return true;
  for (Notice& notice : notices) {
    notice.due = now + RetryAfter(++notice.attempts);
    if (notice.due <= notice.give_up) notices_.push_back(std::move(notice));
  }
  return false;
}

int Notifier::RunOnce(absl::Time now) {
  std::map<std::string, std::vector<Notice>> due;
  {
    absl::MutexLock lock(&mutex_);
    Collect(now);
    due = TakeDue(now);
  }
  int taken = 0;
  for (auto& [url, notices] : due) {
    if (Deliver(url, std::move(notices), now)) ++taken;
  }
  return taken;
}

int64_t Notifier::waiting() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int64_t>(notices_.size());
}

}  // namespace rollcall::entra
