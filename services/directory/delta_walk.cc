#include "services/directory/delta_walk.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/page_chain.h"

namespace rollcall::directory {
namespace {

// A page that does not parse counts as not received: three tries.
constexpr int kTriesPerPage = 3;
constexpr absl::string_view kGroupSelect =
    "id,displayName,description,visibility,members";

template <typename Change>
using Parse = absl::StatusOr<DeltaPage<Change>> (*)(absl::string_view body,
                                                    const PageLimits& limits);

template <typename Change>
struct Walk {
  // Where it begins: a path of ours, or a stored link.
  std::string path;
  std::string link;
  Parse<Change> parse;
  DeltaLimits limits;
  bool keep = true;  // Whether changes are wanted, or the next link only.
};

size_t SizeOf(const UserChange&) { return 1; }
size_t SizeOf(const GroupChange& change) { return 1 + change.members.size(); }

uint64_t HashOf(const UserChange& change) {
  const SourceUser& user = change.user;
  return absl::HashOf(user.id, change.removal.has_value(),
                      user.user_principal_name.value(),
                      user.display_name.value(), user.mail.value(),
                      user.account_enabled.value());
}

uint64_t HashOf(const GroupChange& change) {
  uint64_t hash =
      absl::HashOf(change.group.id, change.removal.has_value(),
                   change.group.display_name.value(), change.members.size());
  for (const MemberChange& member : change.members) {
    hash = absl::HashOf(hash, member.member.id, member.removed);
  }
  return hash;
}

// What a page holds, its link aside; none for a page that holds nothing.
template <typename Change>
absl::optional<uint64_t> ContentOf(const DeltaPage<Change>& page) {
  if (page.items.empty()) return absl::nullopt;
  uint64_t hash = 0;
  for (const Change& change : page.items) {
    hash = absl::HashOf(hash, HashOf(change));
  }
  return hash;
}

template <typename Change>
absl::StatusOr<DeltaPage<Change>> FetchPage(GraphSession& graph,
                                            const Walk<Change>& walk,
                                            const std::string& next_link) {
  for (int tries = 1;; ++tries) {
    const bool is_first_of_ours = next_link.empty() && walk.link.empty();
    ASSIGN_OR_RETURN(
        const std::string body,
        is_first_of_ours
            ? graph.Get(walk.path)
            : graph.Follow(next_link.empty() ? walk.link : next_link));
    absl::StatusOr<DeltaPage<Change>> page = walk.parse(body, PageLimits());
    if (page.ok() || tries >= kTriesPerPage ||
        ReasonOf(page.status()) != "GRAPH_PAGE_MALFORMED") {
      return page;
    }
    RETURN_IF_ERROR(graph.Pause(tries));
  }
}

// The whole answer to a walk that was not disturbed.
template <typename Change>
absl::StatusOr<DeltaRound<Change>> WalkOnce(GraphSession& graph,
                                            const Walk<Change>& walk,
                                            PageChain& chain,
                                            bool& is_under_way) {
  DeltaRound<Change> round;
  size_t objects = 0;
  std::string link;
  is_under_way = false;
  while (true) {
    ASSIGN_OR_RETURN(DeltaPage<Change> page, FetchPage(graph, walk, link));
    is_under_way = true;
    RETURN_IF_ERROR(chain.Arrive(ContentOf(page)));
    if (walk.keep) {
      for (Change& change : page.items) {
        objects += SizeOf(change);
        round.changes.push_back(std::move(change));
      }
      objects += page.skipped.size();
      if (objects > walk.limits.max_objects) {
        return ResourceExhausted(
            "GRAPH_ROUND_TOO_LARGE",
            absl::StrCat("A round of changes holds more than ",
                         walk.limits.max_objects, " objects."),
            {{"max_objects", absl::StrCat(walk.limits.max_objects)}});
      }
      std::move(page.skipped.begin(), page.skipped.end(),
                std::back_inserter(round.skipped));
    }
    if (page.delta_link.has_value()) {
      round.delta_link = *std::move(page.delta_link);
      return round;
    }
    link = *std::move(page.next_link);
    RETURN_IF_ERROR(chain.Advance(link));
  }
}

absl::Status ResyncBecause(const absl::Status& status) {
  return Aborted(
      "GRAPH_RESYNC_REQUIRED",
      absl::StrCat("A stored link leads nowhere any more (", status.message(),
                   ") Everything must be read again."));
}

// Whether all tries ended with a 404: trouble of a gateway at first, and when
// it stays, a link that is no more.
bool StaysNotFound(const absl::Status& status) {
  if (ReasonOf(status) == "GRAPH_NOT_FOUND") return true;
  if (ReasonOf(status) != "GRAPH_UNAVAILABLE") return false;
  const Facts facts = FactsOf(status);
  return std::find(facts.begin(), facts.end(),
                   Facts::value_type("http_status", "404")) != facts.end();
}

template <typename Change>
absl::StatusOr<DeltaRound<Change>> WalkRound(GraphSession& graph,
                                             const Walk<Change>& walk) {
  PageChain chain({.max_pages = walk.limits.max_pages,
                   .max_restarts = walk.limits.max_restarts});
  const bool has_stored_link = !walk.link.empty();
  bool was_not_found = false;
  for (int beginnings = 1;; ++beginnings) {
    bool is_under_way = false;
    absl::StatusOr<DeltaRound<Change>> round =
        WalkOnce(graph, walk, chain, is_under_way);
    if (round.ok()) return round;
    const absl::Status& status = round.status();
    const bool not_found = StaysNotFound(status);
    const bool expired = ReasonOf(status) == "GRAPH_PAGE_EXPIRED";
    if (!not_found && !expired) return status;
    // The pages of a round may die, and the round begins again; if the link
    // that it begins with is dead, only a full read helps.
    if (not_found && has_stored_link && (was_not_found || !is_under_way)) {
      return ResyncBecause(status);
    }
    if (not_found && !has_stored_link) return status;
    was_not_found = not_found;
    const absl::Status again = chain.Restart();
    if (!again.ok()) {
      return has_stored_link && !is_under_way ? ResyncBecause(status) : again;
    }
    RETURN_IF_ERROR(graph.Pause(beginnings));
  }
}

template <typename Change>
absl::StatusOr<std::string> Latest(GraphSession& graph, std::string path,
                                   Parse<Change> parse) {
  ASSIGN_OR_RETURN(
      DeltaRound<Change> round,
      WalkRound<Change>(
          graph, {.path = std::move(path), .parse = parse, .keep = false}));
  return std::move(round.delta_link);
}

}  // namespace

absl::StatusOr<DeltaRound<UserChange>> WalkUserDelta(
    GraphSession& graph, absl::string_view link, const DeltaLimits& limits) {
  return WalkRound<UserChange>(
      graph,
      {.link = std::string(link), .parse = ParseUserDelta, .limits = limits});
}

absl::StatusOr<DeltaRound<GroupChange>> WalkGroupDelta(
    GraphSession& graph, absl::string_view link, const DeltaLimits& limits) {
  return WalkRound<GroupChange>(
      graph,
      {.link = std::string(link), .parse = ParseGroupDelta, .limits = limits});
}

std::string UserSelect(bool with_phones) {
  return absl::StrCat(
      "id,userPrincipalName,displayName,mail,accountEnabled,userType",
      with_phones ? ",mobilePhone,businessPhones" : "");
}

absl::StatusOr<std::string> LatestUserDelta(GraphSession& graph,
                                            bool with_phones) {
  return Latest<UserChange>(
      graph,
      absl::StrCat("/v1.0/users/delta?$select=", UserSelect(with_phones),
                   "&$deltatoken=latest"),
      ParseUserDelta);
}

absl::StatusOr<std::string> LatestGroupDelta(GraphSession& graph,
                                             absl::Span<const SourceId> ids) {
  if (ids.size() > kGroupsPerDelta) {
    return InvalidArgument(
        "GRAPH_FILTER_TOO_LONG",
        absl::StrCat("A link follows at most ", kGroupsPerDelta, " groups."));
  }
  std::string path = absl::StrCat("/v1.0/groups/delta?$select=", kGroupSelect);
  for (const SourceId& id : ids) {
    absl::StrAppend(&path, &id == ids.data() ? "&$filter=" : "%20or%20",
                    "id%20eq%20%27", id.ToString(), "%27");
  }
  return Latest<GroupChange>(graph, absl::StrCat(path, "&$deltatoken=latest"),
                             ParseGroupDelta);
}

}  // namespace rollcall::directory
