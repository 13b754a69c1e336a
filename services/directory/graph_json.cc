#include "services/directory/graph_json.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/text_repair.h"

namespace rollcall::directory {
namespace {

namespace dom = simdjson::dom;

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsBrokenText(simdjson::error_code error) {
  return error == simdjson::UTF8_ERROR || error == simdjson::STRING_ERROR ||
         error == simdjson::UNESCAPED_CHARS;
}

bool IsPartOfNumber(char c) {
  return absl::ascii_isdigit(c) || c == '.' || c == 'e' || c == 'E' ||
         c == '+' || c == '-';
}

// The same document with every number outside of texts replaced by something
// that is wrong wherever we look: a number that fits nowhere would cost the
// whole page, and we read none.
std::string WithoutNumbers(absl::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool inside = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (inside && c == '\\' && i + 1 < json.size()) {
      out.push_back(c);
      out.push_back(json[++i]);
      continue;
    }
    if (c == '"') inside = !inside;
    if (!inside && (absl::ascii_isdigit(c) || c == '-')) {
      while (i + 1 < json.size() && IsPartOfNumber(json[i + 1])) ++i;
      out.append("[[]]");
      continue;
    }
    out.push_back(c);
  }
  return out;
}

}  // namespace

absl::Status PageMalformed(absl::string_view what) {
  return DataLoss(
      "GRAPH_PAGE_MALFORMED",
      absl::StrCat("An answer of Graph cannot be read: ", what, "."));
}

absl::Status PageTooLarge(absl::string_view what) {
  return DataLoss(
      "GRAPH_PAGE_TOO_LARGE",
      absl::StrCat("An answer of Graph is past our limits: ", what, "."));
}

absl::StatusOr<dom::element> ParseJson(absl::string_view body,
                                       const PageLimits& limits) {
  if (body.size() > limits.max_bytes) return PageTooLarge("its size");
  if (absl::StartsWith(body, kByteOrderMark)) {
    body.remove_prefix(kByteOrderMark.size());
  }
  // One per thread, so that a read of a thousand pages does not allocate and
  // fault in its buffers a thousand times.
  thread_local dom::parser parser;
  if (parser.max_depth() != limits.max_depth &&
      parser.allocate(body.size(), limits.max_depth) != simdjson::SUCCESS) {
    return PageTooLarge("its size");
  }
  dom::element document;
  auto error = parser.parse(body.data(), body.size(), true).get(document);
  std::string repaired;
  const auto retry = [&](std::string text) {
    repaired = std::move(text);
    body = repaired;
    error = parser.parse(body.data(), body.size(), true).get(document);
  };
  if (IsBrokenText(error)) retry(MarkBrokenText(body));
  if (error == simdjson::NUMBER_ERROR) {
    retry(WithoutNumbers(body));
    if (IsBrokenText(error)) retry(MarkBrokenText(body));
  }
  if (error == simdjson::DEPTH_ERROR) return PageTooLarge("its depth");
  if (error != simdjson::SUCCESS) {
    return PageMalformed(simdjson::error_message(error));
  }
  return document;
}

absl::StatusOr<dom::object> ParseJsonObject(absl::string_view body,
                                            const PageLimits& limits) {
  ASSIGN_OR_RETURN(const dom::element document, ParseJson(body, limits));
  dom::object object;
  if (document.get(object) != simdjson::SUCCESS) {
    return PageMalformed("it is no object");
  }
  return object;
}

absl::StatusOr<std::string> ReadLink(const dom::element& value,
                                     const PageLimits& limits) {
  std::string_view link;
  if (value.get(link) != simdjson::SUCCESS || link.empty()) {
    return PageMalformed("a link is no text");
  }
  if (link.size() > limits.max_link_bytes) return PageTooLarge("a link");
  return std::string(link);
}

}  // namespace rollcall::directory
