#include "tests/fakes/entra/faults.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rollcall::entra {
namespace {

constexpr absl::string_view kNames[] = {
    "status",
    "html",
    "cut",
    "truncate",
    "bad_gzip",
    "latency",
    "keep_body",
    "empty_page",
    "duplicates",
    "next_link_loop",
    "expired_skip_token",
    "page_size_limit",
    "wrong_context",
    "delta_expired",
    "delta_gone",
    "replay",
    "initial_removed",
    "group_not_found",
    "missing_permission",
    "show_service_principals",
    "token_error",
    "decline_consent",
    "ask_consent",
    "login_required",
};
static_assert(std::size(kNames) == static_cast<size_t>(FaultKind::kCount));

}  // namespace

absl::string_view FaultName(FaultKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

absl::StatusOr<FaultKind> ParseFaultKind(absl::string_view name) {
  const auto* it = std::find(std::begin(kNames), std::end(kNames), name);
  if (it == std::end(kNames)) {
    return absl::InvalidArgumentError(absl::StrCat("No fault '", name, "'."));
  }
  return static_cast<FaultKind>(it - std::begin(kNames));
}

Faults::Faults(uint64_t seed) : prng_(seed) {}

int64_t Faults::Add(Fault fault) {
  absl::MutexLock lock(&mutex_);
  entries_.push_back({.number = ++last_number_, .fault = std::move(fault)});
  return last_number_;
}

bool Faults::Remove(int64_t number) {
  absl::MutexLock lock(&mutex_);
  const auto it = std::find_if(
      entries_.begin(), entries_.end(),
      [number](const Entry& entry) { return entry.number == number; });
  if (it == entries_.end()) return false;
  entries_.erase(it);
  return true;
}

void Faults::Clear() {
  absl::MutexLock lock(&mutex_);
  entries_.clear();
}

void Faults::Reseed(uint64_t seed) {
  absl::MutexLock lock(&mutex_);
  prng_ = Prng(seed);
}

bool Faults::empty() const {
  absl::MutexLock lock(&mutex_);
  return entries_.empty();
}

bool Faults::Hits(Entry& entry, FaultKind kind, absl::string_view path) {
  const Fault& fault = entry.fault;
  if (fault.kind != kind || !absl::StrContains(path, fault.path)) return false;
  if (entry.seen++ < fault.after || entry.hits == fault.times) return false;
  if (!prng_.Chance(fault.probability)) return false;
  ++entry.hits;
  ++counts_[kind];
  return true;
}

std::optional<Fault> Faults::Strike(FaultKind kind, absl::string_view path) {
  absl::MutexLock lock(&mutex_);
  for (Entry& entry : entries_) {
    if (Hits(entry, kind, path)) return entry.fault;
  }
  return std::nullopt;
}

bool Faults::StrikesName(FaultKind kind, absl::string_view path,
                         absl::string_view name, absl::string_view other_name) {
  absl::MutexLock lock(&mutex_);
  for (Entry& entry : entries_) {
    const std::string& of_fault = entry.fault.name;
    if (!absl::EqualsIgnoreCase(of_fault, name) &&
        !absl::EqualsIgnoreCase(of_fault, other_name)) {
      continue;
    }
    if (Hits(entry, kind, path)) return true;
  }
  return false;
}

std::vector<std::pair<FaultKind, int64_t>> Faults::Counts() const {
  absl::MutexLock lock(&mutex_);
  return {counts_.begin(), counts_.end()};
}

}  // namespace rollcall::entra
