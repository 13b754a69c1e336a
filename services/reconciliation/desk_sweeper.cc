#include "services/reconciliation/desk_sweeper.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/schedule_facts.h"
#include "services/reconciliation/source_records.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kDecisionsPerPage = 1000;

// When the object was last known to be there, as far as it is noted.
absl::Time KnownTime(const store::DecisionRow& row) {
  return absl::FromUnixNanos(
      std::max(row.decide_time_nanos(), row.known_time_nanos()));
}

// Whether one of ours is linked to the object.
absl::StatusOr<bool> IsLinked(const ListedDecision& decision,
                              const DirectoryName& directory,
                              const IdentityStore& store) {
  const std::string& account = directory.account().id();
  const std::string key =
      decision.object == kDeskUsers
          ? keys::UserBySource(directory.id(), decision.source_id)
          : keys::GroupBySource(directory.id(), decision.source_id);
  ASSIGN_OR_RETURN(const absl::optional<std::string> link,
                   store.rows().Get(account, key));
  return link.has_value();
}

// Unless somebody has decided anew meanwhile.
absl::Status Replace(const ListedDecision& decision,
                     const absl::optional<store::DecisionRow>& after,
                     const std::string& account, IdentityStore& store) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> transaction,
                   store.Begin(account));
  ASSIGN_OR_RETURN(const absl::optional<std::string> stored,
                   transaction->reader().Get(account, decision.key));
  if (stored != rollcall::store::Serialize(decision.row)) {
    return absl::OkStatus();
  }
  if (after.has_value()) {
    transaction->Put(decision.key, *after);
  } else {
    transaction->Delete(decision.key);
  }
  return transaction->Commit();
}

}  // namespace

absl::StatusOr<Pace> DeskSweeper::RunOnce(absl::Time now) {
  absl::Status first_error;
  RETURN_IF_ERROR(ForEachDirectory(
      options_.directory, "accounts/-",
      [&](const directory::v1::Directory& directory) {
        if (IsScheduled(directory)) {
          first_error.Update(Annotate(Sweep(directory, now), directory.name()));
        }
        return !options_.is_stopping();
      }));
  if (!first_error.ok()) return first_error;
  return Pace::kRest;
}

absl::Status DeskSweeper::Sweep(const directory::v1::Directory& directory,
                                absl::Time now) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(directory.name()));
  const std::string& account = name.account().id();
  int looks = 0;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(
        const std::vector<ListedDecision> decisions,
        ListDecisions(options_.store.rows(), name, after, kDecisionsPerPage));
    if (decisions.empty()) return absl::OkStatus();
    after = decisions.back().key;
    for (const ListedDecision& decision : decisions) {
      if (KnownTime(decision.row) + kDecisionPatience > now) continue;
      ASSIGN_OR_RETURN(const bool is_linked,
                       IsLinked(decision, name, options_.store));
      if (is_linked) continue;
      if (looks++ == kLooksPerDirectory || options_.is_stopping()) {
        return absl::OkStatus();
      }
      ASSIGN_OR_RETURN(const bool is_gone, IsGone(directory, decision));
      if (is_gone) {
        RETURN_IF_ERROR(
            Replace(decision, absl::nullopt, account, options_.store));
        LogInfo("decision_dropped", {{"directory", directory.name()},
                                     {"source_id", decision.source_id}});
      } else {
        store::DecisionRow known = decision.row;
        known.set_known_time_nanos(absl::ToUnixNanos(now));
        RETURN_IF_ERROR(Replace(decision, known, account, options_.store));
      }
    }
  }
}

absl::StatusOr<bool> DeskSweeper::IsGone(
    const directory::v1::Directory& directory, const ListedDecision& decision) {
  if (decision.object == kDeskGroups) {
    const store::ScopeRow scope = ScopeOf(directory);
    const auto& selected = scope.selected_source_ids();
    return std::find(selected.begin(), selected.end(), decision.source_id) ==
           selected.end();
  }
  directory::v1::ReadSourceUserRequest request;
  request.set_name(directory.name());
  request.set_source_id(decision.source_id);
  ASSIGN_OR_RETURN(const directory::v1::ReadSourceUserResponse answer,
                   options_.directory.ReadSourceUser(request));
  ASSIGN_OR_RETURN(const SourceView view,
                   ReadSourceView(answer, /*group_ids=*/{}));
  return !view.evidence.found() && view.proves_absence();
}

}  // namespace rollcall::reconciliation
