#include "services/directory/graph_page.h"

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_json.h"
#include "services/directory/graph_object.h"
#include "simdjson.h"

namespace rollcall::directory {
namespace {

namespace dom = simdjson::dom;

template <typename Object>
void Clear(Object& object) {
  object = Object();
}
void Clear(SourceUser& user) { user.Clear(); }

// Reads it into an object that is clear; or says why it is skipped.
template <typename Object>
absl::optional<SkippedObject> ReadItem(const dom::element& element,
                                       const PageLimits& limits,
                                       Object& object) {
  dom::object source;
  if (element.get(source) != simdjson::SUCCESS) {
    return SkippedObject{"OBJECT_NOT_AN_OBJECT", absl::nullopt};
  }
  const ObjectReader reader = ReadObject(source, limits, object);
  if (reader.good()) return absl::nullopt;
  return reader.Skipped(object.id);
}

absl::optional<SkippedObject> ReadItem(const dom::element& element,
                                       const PageLimits&, SourceId& id) {
  std::string_view text;
  absl::optional<SourceId> parsed;
  if (element.get(text) == simdjson::SUCCESS) {
    parsed = SourceId::Parse(AbslView(text));
  }
  if (!parsed.has_value()) {
    return SkippedObject{"OBJECT_ID_INVALID", absl::nullopt};
  }
  id = *parsed;
  return absl::nullopt;
}

template <typename Object>
absl::Status ReadItems(const dom::element& value, const PageLimits& limits,
                       Page<Object>& page) {
  dom::array items;
  if (value.get(items) != simdjson::SUCCESS) {
    return PageMalformed("`value` is no array");
  }
  // simdjson counts up to 2^24 - 1 and then says just that.
  if (items.size() > limits.max_items) {
    return PageTooLarge("its number of objects");
  }
  page.items.reserve(items.size());
  size_t count = 0;  // The objects behind them were there before.
  for (const dom::element element : items) {
    if (count == page.items.size()) {
      page.items.emplace_back();
    } else {
      Clear(page.items[count]);
    }
    auto skipped = ReadItem(element, limits, page.items[count]);
    if (skipped.has_value()) {
      page.skipped.push_back(*std::move(skipped));
    } else {
      ++count;
    }
  }
  page.items.resize(count);
  return absl::OkStatus();
}

template <typename Object>
absl::StatusOr<Page<Object>> ParsePage(absl::string_view body,
                                       const PageLimits& limits,
                                       Page<Object> page = {}) {
  ASSIGN_OR_RETURN(const dom::object root, ParseJsonObject(body, limits));
  page.skipped.clear();
  page.next_link.reset();
  bool has_value = false;
  bool has_link = false;
  for (const dom::key_value_pair pair : root) {
    if (pair.key == "value") {
      if (std::exchange(has_value, true)) return PageMalformed("`value` twice");
      RETURN_IF_ERROR(ReadItems(pair.value, limits, page));
    } else if (pair.key == "@odata.nextLink") {
      if (std::exchange(has_link, true)) return PageMalformed("nextLink twice");
      if (pair.value.is_null()) continue;
      ASSIGN_OR_RETURN(page.next_link, ReadLink(pair.value, limits));
    } else if (pair.key == "error") {
      return PageMalformed("it carries an error");
    }
  }
  if (!has_value) return PageMalformed("it has no `value`");
  return page;
}

template <typename Object>
absl::StatusOr<Object> ParseSingle(absl::string_view body,
                                   const PageLimits& limits) {
  ASSIGN_OR_RETURN(const dom::object source, ParseJsonObject(body, limits));
  Object object;
  const ObjectReader reader = ReadObject(source, limits, object);
  if (!reader.good()) {
    const std::string reason = reader.Skipped(object.id).reason;
    return DataLoss(
        "GRAPH_OBJECT_MALFORMED",
        absl::StrCat("An object of Graph cannot be read: ", reason, "."),
        {{"object_reason", reason}});
  }
  return object;
}

}  // namespace

absl::StatusOr<Page<SourceUser>> ParseUserPage(absl::string_view body,
                                               const PageLimits& limits) {
  return ParsePage<SourceUser>(body, limits);
}

absl::StatusOr<Page<SourceUser>> ParseUserPageInto(Page<SourceUser> used,
                                                   absl::string_view body,
                                                   const PageLimits& limits) {
  return ParsePage<SourceUser>(body, limits, std::move(used));
}

absl::StatusOr<Page<SourceGroup>> ParseGroupPage(absl::string_view body,
                                                 const PageLimits& limits) {
  return ParsePage<SourceGroup>(body, limits);
}

absl::StatusOr<Page<SourceMember>> ParseMemberPage(absl::string_view body,
                                                   const PageLimits& limits) {
  return ParsePage<SourceMember>(body, limits);
}

absl::StatusOr<Page<SourceId>> ParseIdPage(absl::string_view body,
                                           const PageLimits& limits) {
  return ParsePage<SourceId>(body, limits);
}

absl::StatusOr<SourceUser> ParseUser(absl::string_view body,
                                     const PageLimits& limits) {
  return ParseSingle<SourceUser>(body, limits);
}

absl::StatusOr<SourceGroup> ParseGroup(absl::string_view body,
                                       const PageLimits& limits) {
  return ParseSingle<SourceGroup>(body, limits);
}

std::string PlainCode(absl::string_view text) {
  constexpr size_t kMaxCodeBytes = 64;
  std::string code;
  for (const char c : text) {
    if (code.size() == kMaxCodeBytes) break;
    code.push_back(absl::ascii_isalnum(c) || absl::StrContains("_.-", c) ? c
                                                                         : '?');
  }
  return code;
}

std::vector<std::string> ParseErrorCodes(absl::string_view body) {
  constexpr size_t kMaxCodes = 16;
  std::vector<std::string> codes;
  PageLimits limits;
  limits.max_bytes = size_t{1} << 20;
  const absl::StatusOr<dom::element> document = ParseJson(body, limits);
  dom::element level;
  if (!document.ok() || document->at_key("error").get(level)) return codes;
  while (codes.size() < kMaxCodes) {
    std::string_view code;
    if (level.at_key("code").get(code) == simdjson::SUCCESS) {
      codes.push_back(PlainCode(AbslView(code)));
    }
    // Documented as `innerError` and as `innererror`.
    dom::element inner;
    if (level.at_key_case_insensitive("innererror").get(inner)) break;
    level = inner;
  }
  return codes;
}

absl::optional<int64_t> ParseCount(absl::string_view body) {
  constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (absl::StartsWith(body, kByteOrderMark)) {
    body.remove_prefix(kByteOrderMark.size());
  }
  int64_t count = 0;
  if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(body), &count) ||
      count < 0) {
    return absl::nullopt;
  }
  return count;
}

}  // namespace rollcall::directory
