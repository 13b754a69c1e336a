#include "services/directory/batch_answer.h"

#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_json.h"
#include "simdjson.h"

namespace rollcall::directory {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kMaxHeaderBytes = 256;
// More answers than questions are a fault; far more are an attack.
constexpr size_t kMaxAnswersPerQuestion = 4;

absl::optional<size_t> ReadNumber(const dom::element& id, size_t questions) {
  std::string_view text;
  size_t number = 0;
  if (id.get(text) != simdjson::SUCCESS ||
      !absl::SimpleAtoi(AbslView(text), &number) || number >= questions) {
    return absl::nullopt;
  }
  return number;
}

// Names come in any case.
absl::optional<std::string> ReadRetryAfter(const dom::element& headers) {
  dom::object object;
  if (headers.get(object) != simdjson::SUCCESS) return absl::nullopt;
  for (const dom::key_value_pair header : object) {
    std::string_view text;
    if (absl::EqualsIgnoreCase(AbslView(header.key), "Retry-After") &&
        header.value.get(text) == simdjson::SUCCESS &&
        text.size() <= kMaxHeaderBytes) {
      return std::string(text);
    }
  }
  return absl::nullopt;
}

struct Numbered {
  size_t number = 0;
  BatchItem item;
};

absl::optional<Numbered> ReadItem(const dom::element& element,
                                  size_t questions) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return absl::nullopt;
  absl::optional<size_t> number;
  Numbered read;
  for (const dom::key_value_pair pair : object) {
    if (pair.key == "id") {
      if (number.has_value()) return absl::nullopt;  // Nobody knows whose.
      number = ReadNumber(pair.value, questions);
    } else if (pair.key == "status") {
      int64_t status = 0;
      if (pair.value.get(status) != simdjson::SUCCESS || status < 100 ||
          status > 599 || read.item.status != 0) {
        return absl::nullopt;
      }
      read.item.status = static_cast<int>(status);
    } else if (pair.key == "headers") {
      read.item.retry_after = ReadRetryAfter(pair.value);
    } else if (pair.key == "body") {
      read.item.body = simdjson::minify(pair.value);
    }
  }
  if (!number.has_value() || read.item.status == 0) return absl::nullopt;
  read.number = *number;
  return read;
}

}  // namespace

absl::StatusOr<std::vector<absl::optional<BatchItem>>> ParseBatchAnswer(
    absl::string_view body, size_t questions, const PageLimits& limits) {
  ASSIGN_OR_RETURN(const dom::object root, ParseJsonObject(body, limits));
  dom::array responses;
  if (root.at_key("responses").get(responses) != simdjson::SUCCESS) {
    return PageMalformed("it has no `responses`");
  }
  if (responses.size() > kMaxAnswersPerQuestion * questions) {
    return PageTooLarge("its number of answers");
  }
  std::vector<absl::optional<BatchItem>> items(questions);
  std::vector<int> times(questions);
  for (const dom::element element : responses) {
    absl::optional<Numbered> read = ReadItem(element, questions);
    if (!read.has_value()) continue;
    if (++times[read->number] == 1) {
      items[read->number] = std::move(read->item);
    } else {
      items[read->number].reset();
    }
  }
  return items;
}

}  // namespace rollcall::directory
