#include "services/directory/source_user_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "common/http/encoding.h"
#include "common/identity/values.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/delta_walk.h"
#include "services/directory/graph_page.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {
namespace {

constexpr size_t kGroupsPerCheck = 20;  // What checkMemberGroups takes.
constexpr int kMaxPagesOfIds = 100;
// Who was not found is looked for again after as long a wait as comes before
// the fourth try of a request that fails: some seconds.
constexpr int kWaitAsAfterFailures = 3;

bool NamesNoUser(const absl::Status& status) {
  // Authorization says NOT_FOUND too, of the connection.
  return ReasonOf(status) == "GRAPH_NOT_FOUND";
}

void SortAndUnique(std::vector<SourceId>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

// A literal of $filter or of a key: in quotes, inner ones doubled, all of it
// encoded.
std::string Literal(absl::string_view text) {
  return absl::StrCat(
      "%27", http::PercentEncode(absl::StrReplaceAll(text, {{"'", "''"}})),
      "%27");
}

bool IsNamed(const SourceUser& user, absl::string_view name) {
  return absl::EqualsIgnoreCase(user.user_principal_name.value(), name);
}

// The user that `path` names; none if Graph says that there is none.
absl::StatusOr<absl::optional<SourceUser>> ReadOne(GraphSession& graph,
                                                   absl::string_view path) {
  const absl::StatusOr<std::string> body = graph.Get(path);
  if (NamesNoUser(body.status())) return absl::nullopt;
  RETURN_IF_ERROR(body.status());
  ASSIGN_OR_RETURN(SourceUser user, ParseUser(*body));
  return absl::optional<SourceUser>(std::move(user));
}

absl::Status WrongUser() {
  return DataLoss("GRAPH_WRONG_USER",
                  "Graph gave another user than the one it was asked for.");
}

absl::StatusOr<absl::optional<SourceUser>> FindById(GraphSession& graph,
                                                    const SourceId& id,
                                                    bool with_phones) {
  ASSIGN_OR_RETURN(
      absl::optional<SourceUser> user,
      ReadOne(graph, absl::StrCat("/v1.0/users/", id.ToString(),
                                  "?$select=", UserSelect(with_phones))));
  if (user.has_value() && user->id != id) return WrongUser();
  return user;
}

absl::StatusOr<absl::optional<SourceUser>> FindByName(GraphSession& graph,
                                                      absl::string_view name,
                                                      bool with_phones) {
  const std::string select = UserSelect(with_phones);
  const absl::StatusOr<std::string> body =
      graph.Get(absl::StrCat("/v1.0/users?$filter=userPrincipalName%20eq%20",
                             Literal(name), "&$select=", select));
  if (EndsTheRead(body.status())) return body.status();
  if (body.ok()) {
    // A filter may be ignored in silence: what it found is looked at again.
    const absl::StatusOr<Page<SourceUser>> page = ParseUserPage(*body);
    if (page.ok()) {
      for (const SourceUser& user : page->items) {
        if (IsNamed(user, name)) return absl::optional<SourceUser>(user);
      }
    }
  }
  // Not found by a filter proves nothing; not found by its key does. This form
  // of the key serves names that begin with `$` too.
  ASSIGN_OR_RETURN(absl::optional<SourceUser> user,
                   ReadOne(graph, absl::StrCat("/v1.0/users(", Literal(name),
                                               ")?$select=", select)));
  // What shows nothing but its id can not be compared.
  if (user.has_value() && !user->is_limited() && !IsNamed(*user, name)) {
    return WrongUser();
  }
  return user;
}

// A list of ids, and whether all of them could be read.
struct Ids {
  std::vector<SourceId> ids;
  bool readable = true;
};

absl::StatusOr<Ids> PostForIds(GraphSession& graph, const std::string& path,
                               absl::string_view body) {
  Ids all;
  RETURN_IF_ERROR(WalkPages<SourceId>(
      graph, {.path = path,
              .body = std::string(body),
              .parse = [](absl::string_view answer,
                          const PageLimits&) { return ParseIdPage(answer); },
              .begin = [&all] { all = Ids(); },
              .take =
                  [&all](const Page<SourceId>& page) {
                    all.ids.insert(all.ids.end(), page.items.begin(),
                                   page.items.end());
                    all.readable = all.readable && page.skipped.empty();
                    return absl::OkStatus();
                  },
              .limits = {.max_pages = kMaxPagesOfIds}}));
  return all;
}

bool IsTooMany(const absl::Status& status) {
  for (const auto& [name, value] : FactsOf(status)) {
    if (name == "graph_code" &&
        absl::EqualsIgnoreCase(value, "Directory_ResultSizeLimitExceeded")) {
      return true;
    }
  }
  return false;
}

absl::StatusOr<Ids> CheckCandidates(GraphSession& graph,
                                    const std::string& user_path,
                                    absl::Span<const SourceId> candidates) {
  Ids all;
  for (size_t begin = 0; begin < candidates.size(); begin += kGroupsPerCheck) {
    std::string body = R"({"groupIds":[)";
    for (const SourceId& id : candidates.subspan(begin, kGroupsPerCheck)) {
      absl::StrAppend(&body, body.back() == '[' ? "\"" : ",\"", id.ToString(),
                      "\"");
    }
    ASSIGN_OR_RETURN(
        const Ids some,
        PostForIds(graph, absl::StrCat(user_path, "/checkMemberGroups"),
                   absl::StrCat(body, "]}")));
    all.ids.insert(all.ids.end(), some.ids.begin(), some.ids.end());
    all.readable = all.readable && some.readable;
  }
  return all;
}

absl::Status ReadGroups(GraphSession& graph, const std::string& user_path,
                        const SourceUserOptions& options,
                        SourceUserReading& reading) {
  absl::StatusOr<Ids> groups =
      PostForIds(graph, absl::StrCat(user_path, "/getMemberGroups"),
                 R"({"securityEnabledOnly":false})");
  if (IsTooMany(groups.status())) {
    reading.only_candidates = true;
    groups = CheckCandidates(graph, user_path, options.candidates);
  }
  RETURN_IF_ERROR(groups.status());
  if (!groups->readable) {
    reading.doubts.push_back("Some groups of the user cannot be read.");
  }
  reading.groups = std::move(groups->ids);
  SortAndUnique(reading.groups);
  return absl::OkStatus();
}

// Tells how the user is in its groups, not whether: trouble costs the way only.
absl::Status ReadDirectGroups(GraphSession& graph, const std::string& user_path,
                              std::vector<SourceId>& groups) {
  const absl::Status walked = WalkPages<SourceMember>(
      graph, {.path = absl::StrCat(user_path, "/memberOf?$select=id"),
              .parse = ParseMemberPage,
              .begin = [&groups] { groups.clear(); },
              .take =
                  [&groups](Page<SourceMember> page) {
                    for (const SourceMember& member : page.items) {
                      if (member.kind == MemberKind::kGroup) {
                        groups.push_back(member.id);
                      }
                    }
                    return absl::OkStatus();
                  }});
  SortAndUnique(groups);
  return EndsTheRead(walked) ? walked : absl::OkStatus();
}

void DoubtWhatIsHidden(const SourceUserOptions& options,
                       SourceUserReading& reading) {
  if (reading.user.is_limited()) {
    reading.doubts.push_back(
        "The tenant shows nothing of the user but its id: a permission is "
        "missing.");
  }
  const auto hidden = std::count_if(
      options.hidden.begin(), options.hidden.end(), [&](const SourceId& id) {
        return !std::binary_search(reading.groups.begin(), reading.groups.end(),
                                   id);
      });
  if (hidden > 0) {
    reading.doubts.push_back(absl::StrCat(
        hidden, " groups hide their members, and may hold the user."));
  }
}

// Whether the user waits among the deleted items to be restored or removed for
// good.
absl::StatusOr<bool> IsDeleted(GraphSession& graph, const SourceId& id) {
  const absl::StatusOr<absl::optional<SourceUser>> item =
      ReadOne(graph, absl::StrCat("/v1.0/directory/deletedItems/",
                                  id.ToString(), "?$select=id"));
  // Who may not look there knows nothing of it.
  if (ReasonOf(item.status()) == "GRAPH_FORBIDDEN") return false;
  RETURN_IF_ERROR(item.status());
  return item->has_value() && (*item)->id == id;
}

SourceUserReading DoubtfullyAbsent(absl::string_view why) {
  SourceUserReading reading;
  reading.doubts.emplace_back(why);
  return reading;
}

// What is to be said of a user for whom the tenant gave a 404.
absl::StatusOr<SourceUserReading> NotFoundById(
    GraphSession& graph, const SourceId& id, const SourceUserOptions& options) {
  ASSIGN_OR_RETURN(const bool is_deleted, IsDeleted(graph, id));
  if (is_deleted) return SourceUserReading();
  if (options.is_expected) {
    ASSIGN_OR_RETURN(const bool is_expected, options.is_expected(id));
    if (is_expected) {
      return DoubtfullyAbsent(
          "The tenant did not find the user, and has not told that it is "
          "gone.");
    }
  }
  RETURN_IF_ERROR(graph.BackOff(kWaitAsAfterFailures));
  ASSIGN_OR_RETURN(const absl::optional<SourceUser> again,
                   FindById(graph, id, /*with_phones=*/false));
  if (!again.has_value()) return SourceUserReading();
  return DoubtfullyAbsent("The tenant found the user only the second time.");
}

absl::StatusOr<SourceUserReading> ReadRest(GraphSession& graph, SourceUser user,
                                           const SourceUserOptions& options) {
  SourceUserReading reading;
  reading.user = std::move(user);
  const std::string path =
      absl::StrCat("/v1.0/users/", reading.user.id.ToString());
  const absl::Status groups = ReadGroups(graph, path, options, reading);
  if (NamesNoUser(groups)) {
    // It went in between, or is not everywhere yet: its own answer decides.
    ASSIGN_OR_RETURN(const absl::optional<SourceUser> again,
                     FindById(graph, reading.user.id, options.with_phones));
    if (!again.has_value()) {
      return NotFoundById(graph, reading.user.id, options);
    }
    reading.doubts.push_back("The tenant did not find the user's groups.");
  } else {
    RETURN_IF_ERROR(groups);
  }
  RETURN_IF_ERROR(ReadDirectGroups(graph, path, reading.direct_groups));
  DoubtWhatIsHidden(options, reading);
  reading.found = true;
  return reading;
}

}  // namespace

absl::StatusOr<SourceUserReading> ReadSourceUserByName(
    GraphSession& graph, absl::string_view user_principal_name,
    const SourceUserOptions& options) {
  ASSIGN_OR_RETURN(const UserPrincipalName name,
                   UserPrincipalName::Parse(user_principal_name));
  ASSIGN_OR_RETURN(absl::optional<SourceUser> user,
                   FindByName(graph, name.value(), options.with_phones));
  if (!user.has_value()) {
    return DoubtfullyAbsent("The tenant knows nobody by this name.");
  }
  return ReadRest(graph, *std::move(user), options);
}

absl::StatusOr<SourceUserReading> ReadSourceUserById(
    GraphSession& graph, const SourceId& id, const SourceUserOptions& options) {
  ASSIGN_OR_RETURN(absl::optional<SourceUser> user,
                   FindById(graph, id, options.with_phones));
  if (!user.has_value()) return NotFoundById(graph, id, options);
  return ReadRest(graph, *std::move(user), options);
}

}  // namespace rollcall::directory
