#include "tests/fakes/entra/graph_delta.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/delta_link.h"
#include "tests/fakes/entra/delta_page.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {
namespace {

constexpr absl::Duration kTokenLife = absl::Hours(7 * 24);
constexpr size_t kMaxFilterIds = 50;

// id eq 'a' or id eq 'b' ...
absl::StatusOr<std::string> ParseIdFilter(const std::string& filter) {
  std::string ids;
  size_t count = 0;
  for (absl::string_view clause :
       absl::StrSplit(filter, absl::ByString(" or "))) {
    const std::vector<absl::string_view> words = absl::StrSplit(
        absl::StripAsciiWhitespace(clause), ' ', absl::SkipEmpty());
    if (words.size() != 3 || !absl::EqualsIgnoreCase(words[0], "id") ||
        words[1] != "eq" || words[2].size() != 38) {
      return UnsupportedQuery("Unsupported Query.");
    }
    const auto id = Guid::Parse(words[2].substr(1, 36));
    if (!id.has_value()) return UnsupportedQuery("Unsupported Query.");
    ids += id->ToString();
    ++count;
  }
  if (count > kMaxFilterIds) {
    return UnsupportedQuery(
        absl::StrCat("Too many child clauses specified in search filter "
                     "expression containing 'OR' operators: ",
                     count, ". Max allowed: ", kMaxFilterIds, "."));
  }
  return ids;
}

absl::Status Expired() {
  return GraphError(400, "syncStateNotFound",
                    "The sync state generation is not found. The delta token "
                    "is expired and data must be synchronized again.");
}

class Delta {
 public:
  Delta(const GraphContext& context, const GraphCall& call, ObjectKind kind)
      : context_(context), call_(call), kind_(kind) {}

  absl::StatusOr<GraphReply> Answer() {
    Faults& faults = context_.faults;
    const std::string target = call_.Target();
    if (call_.options.delta_token || call_.options.skip_token) {
      if (faults.Strike(FaultKind::kDeltaGone, target)) return Gone();
      if (faults.Strike(FaultKind::kDeltaExpired, target)) return Expired();
    }
    absl::StatusOr<DeltaLink> link = Start();
    if (!link.ok()) return link.status();
    if (link->generation != context_.delta_generation) return Gone();
    return context_.tenant.Read(
        [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
          return Page(state, *std::move(link));
        });
  }

 private:
  bool is_users() const { return kind_ == ObjectKind::kUser; }

  // Where the request begins: a new round, or in the middle of one.
  absl::StatusOr<DeltaLink> Start() {
    if (call_.options.skip_token.has_value()) {
      return OpenLink(*call_.options.skip_token, ExpiredPageToken());
    }
    if (call_.options.delta_token.has_value() &&
        !call_.options.delta_token->empty() &&
        !absl::EqualsIgnoreCase(*call_.options.delta_token, "latest")) {
      return OpenLink(*call_.options.delta_token, Expired());
    }
    return FirstLink();
  }

  absl::StatusOr<DeltaLink> OpenLink(absl::string_view sealed,
                                     absl::Status otherwise) {
    const auto token = context_.sealer.Open(sealed);
    const auto link = token ? DeltaLink::FromToken(*token) : std::nullopt;
    if (!link.has_value() || link->is_users != is_users()) return otherwise;
    if (context_.now() - absl::FromUnixSeconds(link->issued) > kTokenLife) {
      return Expired();
    }
    return *link;
  }

  absl::StatusOr<DeltaLink> FirstLink() {
    const absl::StatusOr<PropertySet> selected = Selected(
        call_.options, is_users() ? UserProperties() : GroupProperties(),
        is_users() ? kDefaultUserDelta : kDefaultGroupDelta,
        is_users() ? "user" : "group", UnknownNames::kRefuse);
    if (!selected.ok()) return selected.status();
    DeltaLink link{.is_users = is_users(),
                   .initial = true,
                   .generation = context_.delta_generation,
                   .issued = absl::ToUnixSeconds(context_.now()),
                   .selected = *selected | Bit(UserProperty::kId)};
    if (call_.options.filter.has_value()) {
      absl::StatusOr<std::string> ids = ParseIdFilter(*call_.options.filter);
      if (!ids.ok()) return ids.status();
      link.ids = *std::move(ids);
    }
    return link;
  }

  absl::StatusOr<GraphReply> Page(const TenantState& state, DeltaLink link) {
    const ChangeLog& log =
        is_users() ? state.user_changes() : state.group_changes();
    if (!call_.options.skip_token.has_value()) BeginRound(log, link);
    const std::string target = call_.Target();
    Faults& faults = context_.faults;
    if (call_.options.delta_token.has_value() &&
        absl::EqualsIgnoreCase(*call_.options.delta_token, "latest")) {
      return Finish(std::move(link), "[]");
    }
    if (faults.Strike(FaultKind::kEmptyPage, target)) {
      ++link.nonce;
      return Reply("@odata.nextLink", "$skiptoken", link, "[]");
    }
    const DeltaLink here = link;
    const bool minimal =
        absl::StrContains(call_.request.Header("prefer"), "return=minimal") &&
        !link.initial;
    DeltaPageOptions options{
        .minimal = minimal,
        .soft_deleted_in_initial =
            faults.Strike(FaultKind::kInitialRemoved, target).has_value(),
        .duplicates =
            faults.Strike(FaultKind::kDuplicates, target).has_value()};
    const DeltaPage page = is_users() ? UsersDeltaPage(state, link, options)
                                      : GroupsDeltaPage(state, link, options);
    if (page.done) return Finish(std::move(link), page.value);
    if (faults.Strike(FaultKind::kNextLinkLoop, target)) link = here;
    return Reply("@odata.nextLink", "$skiptoken", link, page.value);
  }

  // Pins the end of the round.
  void BeginRound(const ChangeLog& log, DeltaLink& link) {
    link.until = log.size();
    link.issued = absl::ToUnixSeconds(context_.now());
    if (link.initial) return;
    const auto replay =
        context_.faults.Strike(FaultKind::kReplay, call_.Target());
    if (replay.has_value()) {
      link.from -= std::min<uint64_t>(
          link.from,
          static_cast<uint64_t>(std::max<int64_t>(replay->limit, 0)));
    }
    link.position = link.from;
  }

  // The last page: its link begins the next round.
  GraphReply Finish(DeltaLink link, absl::string_view value) {
    link.initial = false;
    link.from = link.until;
    link.position = link.until;
    link.offset = 0;
    link.issued = absl::ToUnixSeconds(context_.now());
    return Reply("@odata.deltaLink", "$deltatoken", link, value);
  }

  GraphReply Reply(absl::string_view name, absl::string_view parameter,
                   const DeltaLink& link, absl::string_view value) {
    GraphReply reply;
    reply.body.reserve(value.size() + 1024);
    const absl::string_view collection = is_users() ? "users" : "groups";
    JsonWriter json(reply.body);
    json.BeginObject()
        .Member("@odata.context", context_.MetadataUrl(collection))
        .Member(name, absl::StrCat(context_.origin, "/v1.0/", collection,
                                   "/delta?", parameter, "=",
                                   context_.sealer.Seal(link.ToToken())))
        .Key("value")
        .Raw(value)
        .EndObject();
    return reply;
  }

  GraphReply Gone() const {
    GraphReply reply{.status = 410};
    reply.headers["Location"] =
        absl::StrCat(context_.origin, "/v1.0/", is_users() ? "users" : "groups",
                     "/delta?$deltatoken=");
    JsonWriter(reply.body)
        .BeginObject()
        .Key("error")
        .BeginObject()
        .Member("code", "resyncRequired")
        .Member("message",
                "Resync required. Replace any local items with the server's "
                "version.")
        .EndObject()
        .EndObject();
    return reply;
  }

  const GraphContext& context_;
  const GraphCall& call_;
  const ObjectKind kind_;
};

}  // namespace

absl::StatusOr<GraphReply> UsersDelta(const GraphContext& context,
                                      const GraphCall& call) {
  if (!call.permissions.users) return AccessDenied();
  return Delta(context, call, ObjectKind::kUser).Answer();
}

absl::StatusOr<GraphReply> GroupsDelta(const GraphContext& context,
                                       const GraphCall& call) {
  if (!call.permissions.groups) return AccessDenied();
  return Delta(context, call, ObjectKind::kGroup).Answer();
}

}  // namespace rollcall::entra
