#include "tests/fakes/entra/graph_delta.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/entra/delta_link.h"
#include "tests/fakes/entra/delta_options.h"
#include "tests/fakes/entra/delta_page.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/link_origin.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kRepeatedObjects = 3;  // on two pages, by #2

constexpr absl::string_view kMinimal = "return=minimal";
constexpr absl::string_view kTrackChanges = "odata.track-changes";

absl::Status Expired() {
  return GraphError(400, "syncStateNotFound",
                    "The sync state generation is not found. The delta token "
                    "is expired and data must be synchronized again.");
}

class Delta {
 public:
  Delta(const GraphContext& context, const GraphCall& call, ObjectKind kind)
      : context_(context),
        call_(call),
        kind_(kind),
        settings_(context.delta.Get()),
        target_(call.Target()) {}

  absl::StatusOr<GraphReply> Answer() {
    if (has_token()) {
      if (Strikes(FaultKind::kDeltaGone)) return Gone();
      if (Strikes(FaultKind::kDeltaExpired)) return Expired();
    }
    if (absl::Status status =
            CheckDeltaOptions(call_.options, settings_.select_beside_token);
        !status.ok()) {
      return status;
    }
    absl::StatusOr<DeltaLink> link = Start();
    if (!link.ok()) return link.status();
    if (link->generation != settings_.generation) return Gone();
    return context_.tenant.Read(
        [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
          const ChangeLog& log =
              is_users() ? state.user_changes() : state.group_changes();
          // From a process that had seen more than this one.
          if (link->from > log.size()) return Gone();
          return Page(state, log, *std::move(link));
        });
  }

 private:
  bool is_users() const { return kind_ == ObjectKind::kUser; }
  bool has_token() const {
    return DeltaRequestOf(call_.options) != DeltaRequest::kFirst;
  }
  bool Strikes(FaultKind kind) const {
    return context_.faults.Strike(kind, target_).has_value();
  }

  bool Prefers(absl::string_view preference) const {
    return absl::StrContains(
        absl::AsciiStrToLower(call_.request.Header("prefer")), preference);
  }
  // What of the client's wishes is fulfilled (RFC 7240).
  std::string PreferencesApplied() const {
    std::vector<absl::string_view> applied;
    for (const absl::string_view preference : {kMinimal, kTrackChanges}) {
      if (Prefers(preference)) applied.push_back(preference);
    }
    return absl::StrJoin(applied, ", ");
  }

  std::string Origin() const {
    return LinkOrigin(context_.faults, context_.origin, target_);
  }

  // Where the request begins: a new round, or in the middle of one.
  absl::StatusOr<DeltaLink> Start() const {
    if (!has_token()) return FirstLink();
    const bool skips = call_.options.skip_token.has_value();
    const absl::Status otherwise = skips ? ExpiredPageToken() : Expired();
    const auto token = context_.sealer.Open(skips ? *call_.options.skip_token
                                                  : *call_.options.delta_token);
    std::optional<DeltaLink> link =
        token ? DeltaLink::FromToken(*token) : std::nullopt;
    if (!link.has_value() || link->is_users != is_users()) return otherwise;
    if (context_.now() - absl::FromUnixSeconds(link->issued) >
        settings_.token_life) {
      return Expired();
    }
    if (skips && link->poisoned) {
      return GraphError(400, "DirectoryPageTokenNotFoundException",
                        "The specified page token was not found.");
    }
    if (skips && Strikes(FaultKind::kExpiredSkipToken)) {
      return ExpiredPageToken();
    }
    if (call_.options.select.has_value()) {
      const absl::StatusOr<PropertySet> selected = Selection();
      if (!selected.ok()) return selected.status();
      link->selected = *selected;
    }
    return *link;
  }

  absl::StatusOr<PropertySet> Selection() const {
    const absl::StatusOr<PropertySet> selected = Selected(
        call_.options, is_users() ? UserProperties() : GroupProperties(),
        is_users() ? kDefaultUserDelta : kDefaultGroupDelta,
        is_users() ? "user" : "group", UnknownNames::kRefuse);
    if (!selected.ok()) return selected.status();
    return *selected | Bit(UserProperty::kId);
  }

  absl::StatusOr<DeltaLink> FirstLink() const {
    const absl::StatusOr<PropertySet> selected = Selection();
    if (!selected.ok()) return selected.status();
    DeltaLink link{.is_users = is_users(),
                   .initial = true,
                   .generation = settings_.generation,
                   .issued = absl::ToUnixSeconds(context_.now()),
                   .selected = *selected};
    if (call_.options.filter.has_value()) {
      absl::StatusOr<std::string> ids = ParseIdFilter(*call_.options.filter);
      if (!ids.ok()) return ids.status();
      link.ids = *std::move(ids);
    }
    return link;
  }

  absl::StatusOr<GraphReply> Page(const TenantState& state,
                                  const ChangeLog& log, DeltaLink link) {
    if (!call_.options.skip_token.has_value()) BeginRound(state, log, link);
    if (IsLatest(call_.options)) return Finish(std::move(link), "[]");
    if (const auto fault =
            context_.faults.Strike(FaultKind::kEmptyPage, target_);
        fault.has_value() &&
        (fault->limit <= 0 ||
         link.empties < static_cast<uint64_t>(fault->limit))) {
      ++link.empties;
      return NextLink(link, "[]");
    }
    link.empties = 0;
    const DeltaLink here = link;
    const DeltaPageOptions options = OptionsOf(link);
    const DeltaPage page = is_users() ? UsersDeltaPage(state, link, options)
                                      : GroupsDeltaPage(state, link, options);
    if (!link.initial && link.until < log.size() &&
        Strikes(FaultKind::kMovingRound)) {
      // What happened since the round began is in it after all.
      link.until = log.size();
      if (link.resume == here.until) link.resume = link.until;
      if (page.done) return NextLink(link, page.value);
    }
    if (page.done && !link.initial && Strikes(FaultKind::kAllOfType)) {
      // As the initial round would list them.
      link.initial = true;
      link.position = 0;
      link.offset = 0;
      return NextLink(link, page.value);
    }
    if (page.done) return Finish(std::move(link), page.value);
    // In the midst of a restored group, the place is one of its members.
    if (options.duplicates && (link.initial || link.offset == 0) &&
        link.position > here.position + kRepeatedObjects) {
      link.position -= kRepeatedObjects;
    }
    if (Strikes(FaultKind::kNextLinkLoop)) link = here;
    return NextLink(link, page.value);
  }

  DeltaPageOptions OptionsOf(const DeltaLink& link) const {
    const bool minimal = Prefers(kMinimal) && !link.initial;
    return {
        .minimal = minimal,
        .page_size =
            static_cast<size_t>(std::max<int64_t>(1, settings_.page_size)),
        .every_step = settings_.every_step,
        .hidden_members = call_.permissions.hidden_members,
        .duplicates = Strikes(FaultKind::kDuplicates),
        .blank = !link.initial && Strikes(FaultKind::kBlankChange),
        .unknown_removed = Strikes(FaultKind::kUnknownRemoved),
        .removed_in_initial =
            link.initial && Strikes(FaultKind::kInitialRemoved),
        .silent_deletions = Strikes(FaultKind::kSilentDeletion),
        .dangling_member = !is_users() && Strikes(FaultKind::kDanglingMember),
        .nulls = Strikes(FaultKind::kNulls),
        .unchanged_too = minimal && Strikes(FaultKind::kUnchangedToo),
        .unordered = Strikes(FaultKind::kUnordered)};
  }

  // Pins the end of the round.
  void BeginRound(const TenantState& state, const ChangeLog& log,
                  DeltaLink& link) const {
    absl::Duration lag = settings_.lag;
    if (const auto fault = context_.faults.Strike(FaultKind::kLate, target_)) {
      lag = std::max(lag, fault->delay);
    }
    link.until = lag > absl::ZeroDuration() ? log.SizeAt(context_.now() - lag)
                                            : log.size();
    link.until = std::max(link.until, link.from);
    link.resume = link.until;
    link.end =
        ObjectsAt(log, link.until,
                  is_users() ? state.users().size() : state.groups().size());
    link.slice =
        static_cast<uint64_t>(std::max<int64_t>(1, settings_.slice_size));
    link.issued = absl::ToUnixSeconds(context_.now());
    if (link.initial) return;
    if (const auto replay =
            context_.faults.Strike(FaultKind::kReplay, target_)) {
      link.from -= std::min<uint64_t>(
          link.from,
          static_cast<uint64_t>(std::max<int64_t>(replay->limit, 0)));
    }
    link.position = link.from;
  }

  // The last page: its link begins the next round.
  GraphReply Finish(DeltaLink link, absl::string_view value) const {
    link.initial = false;
    link.from = link.resume;
    link.until = link.from;
    link.position = link.from;
    link.offset = 0;
    link.end = 0;
    link.issued = absl::ToUnixSeconds(context_.now());
    return Reply("@odata.deltaLink", "$deltatoken", link, value);
  }

  GraphReply NextLink(DeltaLink link, absl::string_view value) const {
    link.poisoned = call_.options.skip_token.has_value() &&
                    context_.faults.IsRepeated(target_) &&
                    Strikes(FaultKind::kRetriedPageToken);
    return Reply("@odata.nextLink", "$skiptoken", link, value);
  }

  GraphReply Reply(absl::string_view name, absl::string_view parameter,
                   const DeltaLink& link, absl::string_view value) const {
    GraphReply reply;
    const std::string applied = PreferencesApplied();
    if (!applied.empty()) reply.headers["Preference-Applied"] = applied;
    reply.body.reserve(value.size() + 1024);
    const absl::string_view collection = is_users() ? "users" : "groups";
    const bool wrong = Strikes(FaultKind::kWrongContext);
    JsonWriter json(reply.body);
    json.BeginObject()
        .Member("@odata.context",
                context_.MetadataUrl(wrong ? "directoryObjects" : collection))
        .Member(name, absl::StrCat(Origin(), "/v1.0/", collection, "/delta?",
                                   parameter, "=",
                                   context_.sealer.Seal(link.ToToken())))
        .Key("value")
        .Raw(value)
        .EndObject();
    return reply;
  }

  GraphReply Gone() const {
    GraphReply reply{.status = 410};
    reply.headers["Location"] =
        absl::StrCat(Origin(), "/v1.0/", is_users() ? "users" : "groups",
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
  const DeltaSettings settings_;
  const std::string target_;
};

}  // namespace

absl::StatusOr<GraphReply> UsersDelta(const GraphContext& context,
                                      const GraphCall& call) {
  if (!call.permissions.users) return AccessDenied();
  return Delta(context, call, ObjectKind::kUser).Answer();
}

absl::StatusOr<GraphReply> GroupsDelta(const GraphContext& context,
                                       const GraphCall& call) {
  if (!call.permissions.group_delta) return AccessDenied();
  return Delta(context, call, ObjectKind::kGroup).Answer();
}

}  // namespace rollcall::entra
