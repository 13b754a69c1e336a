// The methods of the collision desk (B10).
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/desk_requests.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_keys.h"
#include "services/reconciliation/plan_overlay.h"
#include "services/reconciliation/plan_requests.h"
#include "services/reconciliation/service.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

bool IsAboutGroup(v1::Collision::Kind kind) {
  return kind == v1::Collision::MANUAL_GROUP ||
         kind == v1::Collision::SHARED_GROUP ||
         kind == v1::Collision::GROUP_NAME;
}

absl::StatusOr<v1::Collision> ToMessage(const RunName& run,
                                        const std::string& key,
                                        const store::CollisionRow& row) {
  std::string directory, id, source_id;
  int64_t kind = 0;
  RETURN_IF_ERROR(KeyReader(key)
                      .Table("collisions")
                      .String(&directory)
                      .String(&id)
                      .Int64(&kind)
                      .String(&source_id)
                      .Finish());
  v1::Collision collision;
  collision.set_kind(static_cast<v1::Collision::Kind>(kind));
  collision.set_name(
      absl::StrCat(run.ToString(), "/collisions/", kind, "-", source_id));
  collision.set_source_id(source_id);
  collision.set_source_name(row.source_name());
  collision.set_wanted(row.wanted());
  collision.set_choice(
      static_cast<v1::CollisionDecision::Choice>(row.choice()));
  collision.set_rule(row.rule());
  collision.set_reason(row.reason());
  if (row.holder().empty()) return collision;
  collision.set_holder(IsAboutGroup(collision.kind())
                           ? GroupName(run.account(), row.holder()).ToString()
                           : UserName(run.account(), row.holder()).ToString());
  return collision;
}

}  // namespace

absl::StatusOr<v1::ListCollisionsResponse>
ReconciliationServiceImpl::ListCollisions(
    const v1::ListCollisionsRequest& request) {
  ASSIGN_OR_RETURN(const RunName run, RunName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope =
      absl::StrCat("ListCollisions ", request.parent(), " ", request.kind());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  ASSIGN_OR_RETURN(const absl::optional<v1::Run> found,
                   options_.store.Runs(run.account().id())
                       .FindRun(run.directory().id(), run.id()));
  if (!found.has_value()) {
    return NotFound("RUN_NOT_FOUND",
                    absl::StrCat("There is no run ", request.parent(), "."),
                    {{"run", request.parent()}});
  }
  // What a plan has met is where what it would do is.
  const bool is_plan = found->plan_only();
  if (is_plan) {
    RETURN_IF_ERROR(FindReadyPlan(run, options_.clock.TimeNow(),
                                  options_.store.Runs(run.account().id()),
                                  options_.store.rows())
                        .status());
  }
  const PlanOverlay overlay(options_.store.plans(), options_.store.rows(),
                            run.account().id(), plan_keys::Partition(run));
  const rollcall::store::Reader& rows =
      is_plan ? overlay : options_.store.rows();
  const std::string& directory = run.directory().id();
  const std::string prefix =
      request.kind() == v1::Collision::KIND_UNSPECIFIED
          ? keys::CollisionsOfRun(directory, run.id())
          : keys::CollisionsOfKind(directory, run.id(), request.kind());
  MessageCursor<store::CollisionRow> cursor(
      rows, run.account().id(),
      after.empty() ? KeyRange::Prefix(prefix)
                    : KeyRange::PrefixAfter(prefix, after));
  v1::ListCollisionsResponse response;
  std::string last;
  while (response.collisions_size() < page_size) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return response;
    ASSIGN_OR_RETURN(*response.add_collisions(),
                     ToMessage(run, row->key, row->message));
    last = std::move(row->key);
  }
  response.set_next_page_token(rpc::MakePageToken(scope, last));
  return response;
}

absl::StatusOr<v1::DecideCollisionsResponse>
ReconciliationServiceImpl::DecideCollisions(
    const v1::DecideCollisionsRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const DirectoryName directory,
                   DirectoryName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const directory::v1::Directory configured,
                   options_.directory.GetDirectory(directory));
  if (configured.state() == directory::v1::Directory::DELETED) {
    return FailedPrecondition(
        "DIRECTORY_DELETED",
        absl::StrCat(directory.ToString(), " was deleted."),
        {{"directory", directory.ToString()}});
  }
  return reconciliation::DecideCollisions(
      request, directory, actor, options_.clock.TimeNow(), options_.store);
}

absl::StatusOr<v1::ListCollisionDecisionsResponse>
ReconciliationServiceImpl::ListCollisionDecisions(
    const v1::ListCollisionDecisionsRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName directory,
                   DirectoryName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope =
      absl::StrCat("ListCollisionDecisions ", request.parent());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  ASSIGN_OR_RETURN(
      const std::vector<ListedDecision> decisions,
      ListDecisions(options_.store.rows(), directory, after, page_size));
  v1::ListCollisionDecisionsResponse response;
  for (const ListedDecision& decision : decisions) {
    *response.add_decisions() = reconciliation::ToMessage(decision);
  }
  if (static_cast<int>(decisions.size()) == page_size) {
    response.set_next_page_token(
        rpc::MakePageToken(scope, decisions.back().key));
  }
  return response;
}

}  // namespace rollcall::reconciliation
