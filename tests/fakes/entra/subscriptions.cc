#include "tests/fakes/entra/subscriptions.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kSubscriptionIds = 600;  // stream of Guid::FromSeed
constexpr uint64_t kValidations = 601;      // likewise

bool IsPlainText(absl::string_view content_type) {
  return absl::StartsWithIgnoreCase(content_type, "text/plain");
}

}  // namespace

Subscriptions::Subscriptions(uint64_t seed, Courier courier)
    : seed_(seed), courier_(std::move(courier)) {}

Receipt Subscriptions::Send(const std::string& url,
                            absl::string_view content_type,
                            std::string body) const {
  return courier_({.url = url,
                   .content_type = std::string(content_type),
                   .body = std::move(body),
                   .timeout = patience()});
}

absl::Status Subscriptions::Shake(const std::string& url) {
  uint64_t ordinal = 0;
  {
    absl::MutexLock lock(&mutex_);
    ordinal = ++created_;
  }
  // With characters that have to be encoded, and decoded again.
  const std::string token =
      absl::StrCat("Validation: Testing client application reachability & +",
                   Guid::FromSeed(seed_, kValidations, ordinal).ToString());
  const Receipt receipt =
      Send(absl::StrCat(url, absl::StrContains(url, "?") ? "&" : "?",
                        "validationToken=", EncodeComponent(token)),
           "text/plain; charset=utf-8", "");
  if (receipt.status == 0) {
    return GraphError(400, "ValidationError",
                      "Subscription validation request timed out.");
  }
  if (receipt.status != 200) {
    return GraphError(
        400, "ValidationError",
        absl::StrCat("Subscription validation request failed. Must respond "
                     "with 200 OK to this request; got ",
                     receipt.status, "."));
  }
  if (!IsPlainText(receipt.content_type) || receipt.body != token) {
    return GraphError(400, "ValidationError",
                      "Subscription validation request failed. Response must "
                      "exactly match validationToken query parameter.");
  }
  return absl::OkStatus();
}

absl::StatusOr<Subscription> Subscriptions::Create(Subscription subscription,
                                                   absl::Time now) {
  if (absl::Status status = Shake(subscription.notification_url);
      !status.ok()) {
    return status;
  }
  if (!subscription.lifecycle_url.empty()) {
    if (absl::Status status = Shake(subscription.lifecycle_url); !status.ok()) {
      return status;
    }
  }
  absl::MutexLock lock(&mutex_);
  ForgetExpired(now);
  if (static_cast<int64_t>(by_id_.size()) >= quota_) {
    return GraphError(403, "ExtensionError",
                      absl::StrCat("The application has reached its limit of ",
                                   quota_, " subscriptions in this tenant."));
  }
  subscription.id =
      Guid::FromSeed(seed_, kSubscriptionIds, ++created_).ToString();
  by_id_[subscription.id] = subscription;
  return subscription;
}

void Subscriptions::ForgetExpired(absl::Time now) {
  std::erase_if(
      by_id_, [now](const auto& entry) { return entry.second.expires <= now; });
}

Subscription* Subscriptions::Get(absl::string_view id, absl::Time now) {
  ForgetExpired(now);
  const auto it = by_id_.find(std::string(id));
  return it == by_id_.end() ? nullptr : &it->second;
}

std::optional<Subscription> Subscriptions::Find(absl::string_view id,
                                                absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const Subscription* found = Get(id, now);
  if (found == nullptr) return std::nullopt;
  return *found;
}

std::vector<Subscription> Subscriptions::List(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  ForgetExpired(now);
  std::vector<Subscription> all;
  for (const auto& [id, subscription] : by_id_) all.push_back(subscription);
  return all;
}

bool Subscriptions::Remove(absl::string_view id, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  return Get(id, now) != nullptr && by_id_.erase(std::string(id)) > 0;
}

bool Subscriptions::Renew(absl::string_view id, absl::Time expires,
                          absl::Time now) {
  absl::MutexLock lock(&mutex_);
  Subscription* found = Get(id, now);
  if (found == nullptr) return false;
  found->expires = expires;
  found->asked_to_reauthorize = false;
  return true;
}

bool Subscriptions::Reauthorize(absl::string_view id, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  return Get(id, now) != nullptr;
}

std::vector<Subscription> Subscriptions::TakeToReauthorize(absl::Time soon,
                                                           absl::Time now) {
  absl::MutexLock lock(&mutex_);
  ForgetExpired(now);
  std::vector<Subscription> taken;
  for (auto& [id, subscription] : by_id_) {
    if (subscription.expires > soon || subscription.asked_to_reauthorize ||
        subscription.lifecycle_url.empty()) {
      continue;
    }
    subscription.asked_to_reauthorize = true;
    taken.push_back(subscription);
  }
  return taken;
}

void Subscriptions::SetQuota(int64_t quota) {
  absl::MutexLock lock(&mutex_);
  quota_ = quota;
}

void Subscriptions::SetPatience(absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  patience_ = patience;
}

absl::Duration Subscriptions::patience() const {
  absl::MutexLock lock(&mutex_);
  return patience_;
}

}  // namespace rollcall::entra
