#include "tests/fakes/entra/delta_options.h"

#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/guid.h"

namespace rollcall::entra {
namespace {

constexpr size_t kMaxFilterIds = 50;

absl::Status NotSupported(absl::string_view option) {
  return UnsupportedQuery(
      absl::StrCat(option, " is not supported by delta queries."));
}

absl::Status NotBesideToken(absl::string_view option, DeltaRequest request) {
  return UnsupportedQuery(absl::StrCat(
      option, " cannot be combined with ",
      request == DeltaRequest::kNextPage ? "$skiptoken." : "$deltatoken."));
}

}  // namespace

bool IsLatest(const QueryOptions& options) {
  return options.delta_token.has_value() &&
         absl::EqualsIgnoreCase(*options.delta_token, "latest");
}

DeltaRequest DeltaRequestOf(const QueryOptions& options) {
  if (options.skip_token.has_value()) return DeltaRequest::kNextPage;
  if (options.delta_token.has_value() && !options.delta_token->empty() &&
      !IsLatest(options)) {
    return DeltaRequest::kNextRound;
  }
  return DeltaRequest::kFirst;
}

absl::Status CheckDeltaOptions(const QueryOptions& options,
                               bool select_beside_token) {
  if (options.order_by.has_value()) return NotSupported("$orderby");
  if (options.expand.has_value()) return NotSupported("$expand");
  const DeltaRequest request = DeltaRequestOf(options);
  if (request == DeltaRequest::kFirst) return absl::OkStatus();
  if (options.filter.has_value()) return NotBesideToken("$filter", request);
  const bool may_select =
      request == DeltaRequest::kNextRound && select_beside_token;
  if (options.select.has_value() && !may_select) {
    return NotBesideToken("$select", request);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ParseIdFilter(absl::string_view filter) {
  std::string ids;
  size_t count = 0;
  for (absl::string_view clause :
       absl::StrSplit(filter, absl::ByString(" or "))) {
    const std::vector<absl::string_view> words = absl::StrSplit(
        absl::StripAsciiWhitespace(clause), ' ', absl::SkipEmpty());
    if (words.size() != 3 || !absl::EqualsIgnoreCase(words[0], "id") ||
        !absl::EqualsIgnoreCase(words[1], "eq") || words[2].size() != 38 ||
        words[2].front() != '\'' || words[2].back() != '\'') {
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

}  // namespace rollcall::entra
