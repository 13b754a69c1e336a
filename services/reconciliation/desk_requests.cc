#include "services/reconciliation/desk_requests.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/identity/values.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/desk_decision.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/user_errors.h"
#include "services/reconciliation/user_fields.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kMaxDecisions = 1000;
// Decisions that are looked through for a name at a time.
constexpr int kDecisionsPerLook = 1000;

using Choice = v1::CollisionDecision::Choice;

// What is stored is the contract's number, and becomes ours as it is.
static_assert(static_cast<int>(DeskChoice::kPreset) ==
              v1::CollisionDecision::PRESET);
static_assert(static_cast<int>(DeskChoice::kAdopt) ==
              v1::CollisionDecision::ADOPT);
static_assert(static_cast<int>(DeskChoice::kSkip) ==
              v1::CollisionDecision::SKIP);
static_assert(static_cast<int>(DeskChoice::kRename) ==
              v1::CollisionDecision::RENAME);

absl::Status Refuse(const char* reason, const std::string& message,
                    const std::string& field) {
  return InvalidArgument(reason, message,
                         {{"field", absl::StrCat("decisions.", field)}});
}

// One decision, parsed.
absl::StatusOr<ListedDecision> Read(const v1::CollisionDecision& message) {
  ListedDecision decision;
  ASSIGN_OR_RETURN(const ObjectId id, ObjectId::Parse(message.source_id()));
  decision.source_id = id.value();
  const bool is_user =
      message.object_case() == v1::CollisionDecision::kUsername;
  const bool is_group =
      message.object_case() == v1::CollisionDecision::kGroupName;
  if (!is_user && !is_group) {
    return Refuse("DECISION_OBJECT_MISSING",
                  "A decision is about a user or about a group: set username "
                  "or group_name, empty where it gives no name.",
                  "object");
  }
  if (message.choice() < v1::CollisionDecision::PRESET ||
      message.choice() > v1::CollisionDecision::RENAME) {
    return Refuse("CHOICE_INVALID",
                  "A decision is PRESET, ADOPT, SKIP or RENAME.", "choice");
  }
  decision.object = std::string(is_user ? kDeskUsers : kDeskGroups);
  const std::string& name = is_user ? message.username() : message.group_name();
  decision.row.set_choice(message.choice());
  if (message.choice() != v1::CollisionDecision::RENAME) {
    if (name.empty()) return decision;
    return Refuse("NAME_WITHOUT_RENAME", "Only RENAME gives a name.", "object");
  }
  if (is_user) {
    ASSIGN_OR_RETURN(const Username username, Username::Parse(name));
    decision.row.set_name(username.value());
  } else {
    ASSIGN_OR_RETURN(std::string group_name, ParseGroupName(name));
    decision.row.set_name(std::move(group_name));
  }
  return decision;
}

// What tells two names apart.
std::string NameKey(const ListedDecision& decision) {
  return decision.object == kDeskUsers ? decision.row.name()
                                       : GroupNameKey(decision.row.name());
}

absl::Status Taken(const ListedDecision& decision) {
  return decision.object == kDeskUsers ? UsernameTaken(decision.row.name())
                                       : GroupNameTaken(decision.row.name());
}

// Nobody but the object itself may have the name.
absl::Status CheckFree(const ListedDecision& decision,
                       const DirectoryName& directory,
                       const IdentityReader& identities) {
  if (decision.object == kDeskUsers) {
    ASSIGN_OR_RETURN(absl::optional<UserRecord> user,
                     identities.FindUserByUsername(decision.row.name()));
    if (!user.has_value()) return absl::OkStatus();
    const Claim* claim = user->user.ClaimOf(directory.id());
    const bool is_own =
        claim != nullptr && claim->source_id == decision.source_id;
    return is_own ? absl::OkStatus() : Taken(decision);
  }
  ASSIGN_OR_RETURN(absl::optional<GroupRecord> group,
                   identities.FindGroupByName(decision.row.name()));
  if (!group.has_value()) return absl::OkStatus();
  const bool is_own = group->group.directory == directory.id() &&
                      group->group.source_id == decision.source_id;
  return is_own ? absl::OkStatus() : Taken(decision);
}

// The decisions of a request, by object; each object once.
using Decisions = absl::btree_map<std::string, ListedDecision>;

// No two objects may be given one name, those of earlier decisions included.
absl::Status CheckDistinct(const Decisions& decisions,
                           const DirectoryName& directory,
                           const rollcall::store::Reader& reader) {
  absl::flat_hash_set<std::string> names;
  auto add = [&](const ListedDecision& decision) {
    if (decision.row.name().empty()) return absl::OkStatus();
    return names.insert(absl::StrCat(decision.object, " ", NameKey(decision)))
                   .second
               ? absl::OkStatus()
               : Taken(decision);
  };
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(
        const std::vector<ListedDecision> earlier,
        ListDecisions(reader, directory, after, kDecisionsPerLook));
    if (earlier.empty()) break;
    after = earlier.back().key;
    for (const ListedDecision& decision : earlier) {
      if (decisions.contains(decision.key)) continue;
      RETURN_IF_ERROR(add(decision));
    }
  }
  for (const auto& [key, decision] : decisions) {
    RETURN_IF_ERROR(add(decision));
  }
  return absl::OkStatus();
}

}  // namespace

v1::CollisionDecision ToMessage(const ListedDecision& decision) {
  v1::CollisionDecision message;
  message.set_source_id(decision.source_id);
  if (decision.object == kDeskUsers) {
    message.set_username(decision.row.name());
  } else {
    message.set_group_name(decision.row.name());
  }
  message.set_choice(static_cast<Choice>(decision.row.choice()));
  message.set_actor(decision.row.actor());
  *message.mutable_decide_time() =
      ToTimestamp(absl::FromUnixNanos(decision.row.decide_time_nanos()));
  return message;
}

absl::StatusOr<v1::DecideCollisionsResponse> DecideCollisions(
    const v1::DecideCollisionsRequest& request, const DirectoryName& directory,
    const std::string& actor, absl::Time now, IdentityStore& store) {
  if (request.decisions().empty() || request.decisions_size() > kMaxDecisions) {
    return InvalidArgument(
        "BATCH_SIZE_INVALID",
        absl::StrCat("A request has 1 to ", kMaxDecisions, " decisions."),
        {{"field", "decisions"}, {"limit", absl::StrCat(kMaxDecisions)}});
  }
  Decisions decisions;
  v1::DecideCollisionsResponse response;
  for (const v1::CollisionDecision& message : request.decisions()) {
    ASSIGN_OR_RETURN(ListedDecision decision, Read(message));
    decision.key =
        keys::Decision(directory.id(), decision.object, decision.source_id);
    decision.row.set_actor(actor);
    decision.row.set_decide_time_nanos(absl::ToUnixNanos(now));
    *response.add_decisions() = ToMessage(decision);
    std::string key = decision.key;
    if (!decisions.insert({std::move(key), std::move(decision)}).second) {
      return Refuse(
          "OBJECT_TWICE",
          absl::StrCat("Two decisions are about ", message.source_id(), "."),
          "source_id");
    }
  }

  ASSIGN_OR_RETURN(auto transaction, store.Begin(directory.account().id()));
  RETURN_IF_ERROR(CheckDistinct(decisions, directory, transaction->reader()));
  for (const auto& [key, decision] : decisions) {
    if (!decision.row.name().empty()) {
      RETURN_IF_ERROR(
          CheckFree(decision, directory, transaction->identities()));
    }
    if (decision.row.choice() == v1::CollisionDecision::PRESET) {
      transaction->Delete(key);
    } else {
      transaction->Put(key, decision.row);
    }
  }
  if (request.validate_only()) return response;
  RETURN_IF_ERROR(transaction->Commit());
  LogInfo("collisions_decided", {{"directory", directory.ToString()},
                                 {"decisions", request.decisions_size()},
                                 {"actor", actor}});
  return response;
}

}  // namespace rollcall::reconciliation
