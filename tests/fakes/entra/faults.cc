#include "tests/fakes/entra/faults.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/fault_catalogue.h"
#include "tests/fakes/entra/prng.h"

namespace rollcall::entra {
namespace {

// More than a test asks; beyond it, the oldest are as good as new.
constexpr size_t kRemembered = 1'000'000;

uint64_t HashOf(absl::string_view text, uint64_t start) {
  uint64_t hash = Mix(start);
  for (char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return Mix(hash);
}

// Without the tokens of links: some of them contain the time.
std::string WithoutTokens(absl::string_view target) {
  std::string kept;
  while (!target.empty()) {
    const size_t token = target.find("token=");
    if (token == absl::string_view::npos) break;
    absl::StrAppend(&kept, target.substr(0, token));
    const size_t end = target.find('&', token);
    target.remove_prefix(end == absl::string_view::npos ? target.size() : end);
  }
  return absl::StrCat(kept, target);
}

// What tells faults apart, so that two of a kind draw different lots.
uint64_t Salt(const Fault& fault) {
  return HashOf(absl::StrCat(FaultName(fault.kind), "\n", fault.path, "\n",
                             fault.name, "\n", fault.code, "\n", fault.status),
                0);
}

}  // namespace

Faults::Faults(uint64_t seed) : seed_(seed) {}

int64_t Faults::Add(Fault fault) {
  absl::MutexLock lock(&mutex_);
  entries_.push_back({.number = ++last_number_, .fault = std::move(fault)});
  return last_number_;
}

bool Faults::Remove(int64_t number) {
  absl::MutexLock lock(&mutex_);
  return std::erase_if(entries_, [number](const Entry& entry) {
           return entry.number == number;
         }) > 0;
}

void Faults::Clear() {
  absl::MutexLock lock(&mutex_);
  entries_.clear();
  asked_.clear();
}

void Faults::Reseed(uint64_t seed) {
  absl::MutexLock lock(&mutex_);
  seed_ = seed;
  for (Entry& entry : entries_) entry.visits.clear();
}

bool Faults::empty() const {
  absl::MutexLock lock(&mutex_);
  return entries_.empty();
}

absl::Status Faults::Set(absl::string_view number_or_name, double probability) {
  const std::vector<FaultKind> kinds = KindsOf(number_or_name);
  if (kinds.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("No fault '", number_or_name, "'."));
  }
  if (!(probability >= 0 && probability <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The probability of '", number_or_name, "' is not between 0 and 1."));
  }
  absl::MutexLock lock(&mutex_);
  for (FaultKind kind : kinds) {
    std::erase_if(entries_, [kind](const Entry& entry) {
      return entry.of_catalogue && entry.fault.kind == kind;
    });
    if (probability == 0) continue;
    Fault fault = UsualFault(kind);
    fault.probability = probability;
    entries_.push_back({.number = ++last_number_,
                        .of_catalogue = true,
                        .fault = std::move(fault)});
  }
  return absl::OkStatus();
}

bool Faults::Hits(Entry& entry, FaultKind kind, absl::string_view path) {
  const Fault& fault = entry.fault;
  if (fault.kind != kind || !absl::StrContains(path, fault.path)) return false;
  if (entry.seen++ < fault.after || entry.hits == fault.times) return false;
  const uint64_t request = HashOf(WithoutTokens(path), Salt(fault));
  if (entry.visits.size() >= kRemembered) entry.visits.clear();
  const uint32_t visit = entry.visits[request]++;
  if (!Prng(seed_ ^ Mix(request + visit)).Chance(fault.probability)) {
    return false;
  }
  ++entry.hits;
  ++hits_[kind];
  return true;
}

std::optional<Fault> Faults::Strike(FaultKind kind, absl::string_view path) {
  absl::MutexLock lock(&mutex_);
  for (Entry& entry : entries_) {
    if (!Hits(entry, kind, path)) continue;
    Fault fault = entry.fault;
    fault.turn = entry.hits - 1;
    return fault;
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

bool Faults::IsRepeated(absl::string_view target) {
  absl::MutexLock lock(&mutex_);
  const bool is_on =
      std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
        return entry.fault.kind == FaultKind::kRetriedPageToken;
      });
  if (!is_on) return false;
  if (asked_.size() >= kRemembered) asked_.clear();
  return !asked_.insert(HashOf(target, 0)).second;
}

absl::flat_hash_map<FaultKind, Faults::Report> Faults::Reports() const {
  absl::MutexLock lock(&mutex_);
  absl::flat_hash_map<FaultKind, Report> reports;
  for (const auto& [kind, hits] : hits_) reports[kind].hits = hits;
  for (const Entry& entry : entries_) {
    double& probability = reports[entry.fault.kind].probability;
    probability = std::max(probability, entry.fault.probability);
  }
  return reports;
}

}  // namespace rollcall::entra
