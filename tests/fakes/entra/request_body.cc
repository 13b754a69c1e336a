#include "tests/fakes/entra/request_body.h"

#include <simdjson.h>

#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/graph_error.h"

namespace rollcall::entra {
namespace {

absl::Status NoObject() {
  return GraphError(400, "BadRequest",
                    "Unable to read JSON request payload. Please ensure "
                    "Content-Type header is set and payload is of valid "
                    "JSON format.");
}

std::string_view Std(absl::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

absl::StatusOr<std::optional<std::vector<std::string>>> TextsOfBody(
    const std::string& body, absl::string_view name) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS) return NoObject();
  simdjson::dom::array array;
  if (object[Std(name)].get(array) != simdjson::SUCCESS) {
    return std::optional<std::vector<std::string>>();
  }
  std::vector<std::string> texts;
  for (simdjson::dom::element element : array) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) {
      return GraphError(
          400, "BadRequest",
          absl::StrCat("The value of '", name, "' is no array of strings."));
    }
    texts.emplace_back(text);
  }
  return std::optional(std::move(texts));
}

absl::StatusOr<bool> FlagOfBody(const std::string& body,
                                absl::string_view name) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS) return NoObject();
  bool flag = false;
  return object[Std(name)].get(flag) == simdjson::SUCCESS && flag;
}

}  // namespace rollcall::entra
