#include "tests/fakes/entra/collection.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/prng.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kListTokens = 1;  // the kind of these tokens
// In the nonce of a token that will be refused, by the fault of that name.
constexpr uint64_t kPoisoned = uint64_t{1} << 63;
constexpr size_t kDuplicated = 3;  // objects, by the fault of that name

// A token is good only for the request that it came from.
uint64_t HashOf(const GraphCall& call) {
  uint64_t hash = call.eventual ? 1 : 0;
  const auto add = [&hash](absl::string_view text) {
    for (char c : text) hash = Mix(hash ^ static_cast<unsigned char>(c));
    hash = Mix(hash);
  };
  add(call.request.path);
  add(call.options.for_next_link);
  return hash;
}

absl::StatusOr<uint64_t> StartOf(const GraphContext& context,
                                 const GraphCall& call) {
  if (!call.options.skip_token.has_value()) return uint64_t{0};
  const auto token = context.sealer.Open(*call.options.skip_token);
  if (!token.has_value() || token->numbers.size() != 4 ||
      token->numbers[0] != kListTokens || token->numbers[1] != HashOf(call) ||
      (token->numbers[3] & kPoisoned) != 0 ||
      context.faults.Strike(FaultKind::kExpiredSkipToken, call.Target())) {
    return ExpiredPageToken();
  }
  return token->numbers[2];
}

// `nonce` makes links differ that lead to the same place.
std::string LinkTo(const GraphContext& context, const GraphCall& call,
                   uint64_t position, uint64_t nonce) {
  const std::string token = context.sealer.Seal(
      {.numbers = {kListTokens, HashOf(call), position, nonce}, .text = {}});
  return absl::StrCat(
      context.origin, call.request.path, "?", call.options.for_next_link,
      call.options.for_next_link.empty() ? "" : "&", "$skiptoken=", token);
}

std::string PageBody(const GraphContext& context, const GraphCall& call,
                     absl::string_view context_suffix,
                     std::optional<int64_t> count, absl::string_view next_link,
                     absl::string_view value) {
  std::string body;
  body.reserve(value.size() + 1024);
  JsonWriter json(body);
  const bool wrong =
      context.faults.Strike(FaultKind::kWrongContext, call.Target())
          .has_value();
  json.BeginObject().Member(
      "@odata.context",
      context.MetadataUrl(wrong ? "directoryObjects" : context_suffix));
  if (count.has_value()) json.Key("@odata.count").Int(*count);
  if (!next_link.empty()) json.Member("@odata.nextLink", next_link);
  json.Key("value").Raw(value).EndObject();
  return body;
}

// Whether the next link of this page is to be refused: it answers a request
// that was made before.
bool IsPoisoned(const GraphContext& context, const GraphCall& call) {
  return call.options.skip_token.has_value() &&
         context.faults.IsRepeated(call.Target()) &&
         context.faults.Strike(FaultKind::kRetriedPageToken, call.Target());
}

// So many empty pages in a row, and then one that is not.
bool IsLastEmpty(const Fault& fault) {
  return fault.limit > 0 && fault.turn % (fault.limit + 1) == fault.limit;
}

int64_t CountAll(const Collection& collection) {
  int64_t count = 0;
  for (uint64_t at = collection.next(0); at < collection.end;
       at = collection.next(at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

absl::StatusOr<GraphReply> ListPage(const GraphContext& context,
                                    const GraphCall& call,
                                    const Collection& collection) {
  const absl::StatusOr<uint64_t> start = StartOf(context, call);
  if (!start.ok()) return start.status();
  Faults& faults = context.faults;
  const std::string target = call.Target();
  const int64_t size = call.options.top.value_or(kDefaultPageSize);
  if (const auto fault = faults.Strike(FaultKind::kPageSizeLimit, target);
      fault.has_value() && size > fault->limit) {
    return UnsupportedQuery(absl::StrCat("Invalid page size specified: '", size,
                                         "'. Must be between 1 and ",
                                         fault->limit, " inclusive."));
  }
  std::optional<int64_t> count;
  if (call.advanced() && !call.options.skip_token) {
    count = CountAll(collection);
  }
  if (const auto fault = faults.Strike(FaultKind::kEmptyPage, target);
      fault.has_value() && !IsLastEmpty(*fault)) {
    static std::atomic<uint64_t> nonce = 0;
    return GraphReply{.body = PageBody(context, call, collection.context, count,
                                       LinkTo(context, call, *start, ++nonce),
                                       "[]")};
  }

  std::string value;
  value.reserve(static_cast<size_t>(size) * 256);
  JsonWriter json(value);
  json.BeginArray();
  // An index that lags lacks some objects, and others the next time.
  const auto lag = call.eventual ? faults.Strike(FaultKind::kIndexLag, target)
                                 : std::nullopt;
  if (lag.has_value() && count.has_value()) {
    count = std::max<int64_t>(0, *count - 1 - lag->turn % 3);
  }
  uint64_t at = collection.next(*start);
  std::vector<uint64_t> first;
  for (int64_t written = 0; at < collection.end && written < size; ++written) {
    const bool lacks =
        lag.has_value() && (at + static_cast<uint64_t>(lag->turn)) % 7 == 0;
    if (!lacks) collection.write(at, json);
    if (first.size() < kDuplicated) first.push_back(at);
    at = collection.next(at + 1);
  }
  if (faults.Strike(FaultKind::kDuplicates, target)) {
    for (uint64_t position : first) collection.write(position, json);
  }
  json.EndArray();

  std::string next_link;
  if (at < collection.end) {
    const bool loop =
        faults.Strike(FaultKind::kNextLinkLoop, target).has_value();
    next_link = LinkTo(context, call, loop ? *start : at,
                       IsPoisoned(context, call) ? kPoisoned : 0);
  }
  return GraphReply{.body = PageBody(context, call, collection.context, count,
                                     next_link, value)};
}

}  // namespace rollcall::entra
