#include "tests/fakes/entra/collection.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/link_origin.h"
#include "tests/fakes/entra/prng.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kListTokens = 1;  // the kind of these tokens
// In the nonce of a token that will be refused, by the fault of that name.
constexpr uint64_t kPoisoned = uint64_t{1} << 63;
constexpr size_t kDuplicated = 3;  // objects, by the fault of that name

// What every token of the service begins with: DSpt, and its version.
constexpr absl::string_view kTokenPrefix("DSpt\x02\x00\x01\x00", 8);

// Where a page begins, and what was asked for.
struct PlaceInList {
  uint64_t request_hash = 0;
  uint64_t position = 0;  // an index, if there is an ordering
  uint64_t nonce = 0;     // makes links differ that lead to the same place
  bool eventual = false;
  std::string order_text;
};

// A token is good only for the request that it came from.
uint64_t HashOf(const GraphCall& call) {
  uint64_t hash = 0;
  const auto add = [&hash](absl::string_view text) {
    for (char c : text) {
      hash = Mix(hash ^ static_cast<unsigned char>(absl::ascii_tolower(c)));
    }
    hash = Mix(hash);
  };
  for (const std::string& segment : call.segments) add(segment);
  add(call.options.canonical);
  return hash;
}

std::string SealPlace(const GraphContext& context, const PlaceInList& place) {
  const std::string sealed = context.sealer.Seal(
      {.numbers = {kListTokens, place.request_hash, place.position, place.nonce,
                   place.eventual ? 1u : 0u},
       .text = place.order_text});
  const std::string bytes = absl::StrCat(kTokenPrefix, sealed);
  if (context.knobs.skip_token_form == SkipTokenForm::kHexadecimal) {
    return absl::StrCat("X%27", absl::BytesToHexString(bytes), "%27");
  }
  return absl::WebSafeBase64Escape(bytes);
}

// Takes both forms, whichever is in fashion.
std::optional<PlaceInList> OpenPlace(const GraphContext& context,
                                     absl::string_view text) {
  std::string bytes;
  if (absl::ConsumePrefix(&text, "X'") && absl::ConsumeSuffix(&text, "'")) {
    if (text.size() % 2 != 0 ||
        !std::all_of(text.begin(), text.end(), absl::ascii_isxdigit)) {
      return std::nullopt;
    }
    bytes = absl::HexStringToBytes(text);
  } else if (!absl::WebSafeBase64Unescape(text, &bytes)) {
    return std::nullopt;
  }
  absl::string_view sealed = bytes;
  if (!absl::ConsumePrefix(&sealed, kTokenPrefix)) return std::nullopt;
  const auto token = context.sealer.Open(sealed);
  if (!token.has_value() || token->numbers.size() != 5 ||
      token->numbers[0] != kListTokens) {
    return std::nullopt;
  }
  return PlaceInList{.request_hash = token->numbers[1],
                     .position = token->numbers[2],
                     .nonce = token->numbers[3],
                     .eventual = token->numbers[4] == 1,
                     .order_text = token->text};
}

absl::StatusOr<uint64_t> StartOf(const GraphContext& context,
                                 const GraphCall& call,
                                 const Collection& collection) {
  if (!call.options.skip_token.has_value()) return uint64_t{0};
  const auto place = OpenPlace(context, *call.options.skip_token);
  if (!place.has_value() || place->request_hash != HashOf(call) ||
      (place->nonce & kPoisoned) != 0 ||
      context.faults.Strike(FaultKind::kExpiredSkipToken, call.Target())) {
    return ExpiredPageToken();
  }
  if (collection.ordering == nullptr) return place->position;
  return collection.ordering->RankOf(
      {place->order_text, static_cast<uint32_t>(place->position)});
}

std::string LinkTo(const GraphContext& context, const GraphCall& call,
                   const Collection& collection, uint64_t position,
                   uint64_t nonce) {
  PlaceInList place{.request_hash = HashOf(call),
                    .position = position,
                    .nonce = nonce,
                    .eventual = call.eventual};
  // Before the first rank of an empty ordering there is nothing to tell.
  if (collection.ordering != nullptr && position < collection.end) {
    const OrderMark& mark = collection.ordering->MarkAt(position);
    place.position = mark.index;
    place.order_text = mark.text;
  }
  return absl::StrCat(LinkOrigin(context.faults, context.origin, call.Target()),
                      call.request.path, "?", call.options.for_next_link,
                      call.options.for_next_link.empty() ? "" : "&",
                      "$skiptoken=", SealPlace(context, place));
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

absl::Status CheckRepeatedHeaders(const GraphContext& context,
                                  GraphCall& call) {
  if (!call.options.skip_token.has_value()) return absl::OkStatus();
  const auto place = OpenPlace(context, *call.options.skip_token);
  // Links of delta queries know no ConsistencyLevel.
  if (!place.has_value() || place->eventual == call.eventual) {
    return absl::OkStatus();
  }
  if (context.knobs.repeat_headers) return ExpiredPageToken();
  call.eventual = place->eventual;
  return absl::OkStatus();
}

absl::StatusOr<GraphReply> ListObjects(const GraphContext& context,
                                       const GraphCall& call,
                                       const TenantState& state,
                                       const ObjectList& list) {
  if (!list.order.has_value()) {
    const uint64_t end = list.kind == ObjectKind::kUser ? state.users().size()
                                                        : state.groups().size();
    return ListPage(context, call,
                    {.context = list.context,
                     .end = end,
                     .next = NextWhere(end, list.is_listed),
                     .write = list.write});
  }
  const auto ordering = context.orderings.Find(state, list.kind, *list.order);
  return ListPage(
      context, call,
      {.context = list.context,
       .end = ordering->size(),
       .next = NextWhere(ordering->size(),
                         [&](uint64_t rank) {
                           return list.is_listed(ordering->IndexAt(rank));
                         }),
       .write =
           [&](uint64_t rank, JsonWriter& json) {
             list.write(ordering->IndexAt(rank), json);
           },
       .ordering = ordering.get()});
}

absl::StatusOr<GraphReply> ListPage(const GraphContext& context,
                                    const GraphCall& call,
                                    const Collection& collection) {
  const absl::StatusOr<uint64_t> start = StartOf(context, call, collection);
  if (!start.ok()) return start.status();
  if (call.only_count) {
    return GraphReply{.body = absl::StrCat(CountAll(collection)),
                      .content_type = "text/plain"};
  }
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
    return GraphReply{
        .body =
            PageBody(context, call, collection.context, count,
                     LinkTo(context, call, collection, *start, ++nonce), "[]")};
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
    next_link = LinkTo(context, call, collection, loop ? *start : at,
                       IsPoisoned(context, call) ? kPoisoned : 0);
  }
  return GraphReply{.body = PageBody(context, call, collection.context, count,
                                     next_link, value)};
}

}  // namespace rollcall::entra
