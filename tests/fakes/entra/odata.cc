#include "tests/fakes/entra/odata.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {
namespace {

absl::StatusOr<int64_t> ParseTop(absl::string_view text) {
  int64_t top = 0;
  if (!absl::SimpleAtoi(text, &top)) {
    return GraphError(400, "BadRequest",
                      absl::StrCat("Invalid value '", text,
                                   "' for $top query option found."));
  }
  if (top < 1 || top > kMaxPageSize) {
    return UnsupportedQuery(
        absl::StrCat("Invalid page size specified: '", top,
                     "'. Must be between 1 and 999 inclusive."));
  }
  return top;
}

std::vector<std::string> SplitNames(absl::string_view list) {
  std::vector<std::string> names;
  for (absl::string_view name : absl::StrSplit(list, ',')) {
    names.emplace_back(absl::StripAsciiWhitespace(name));
  }
  return names;
}

}  // namespace

absl::StatusOr<QueryOptions> ParseQueryOptions(absl::string_view query) {
  QueryOptions options;
  for (absl::string_view raw : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const Parameters parsed = ParseQuery(raw);
    if (parsed.empty()) continue;
    const std::string name = absl::AsciiStrToLower(parsed[0].first);
    const std::string& value = parsed[0].second;
    if (name == "$skiptoken") {
      options.skip_token = value;
      continue;
    }
    if (name == "$deltatoken") {
      options.delta_token = value;
      continue;
    }
    absl::StrAppend(&options.for_next_link,
                    options.for_next_link.empty() ? "" : "&", raw);
    if (name == "$select") {
      options.select = SplitNames(value);
    } else if (name == "$filter") {
      options.filter = value;
    } else if (name == "$search") {
      options.search = value;
    } else if (name == "$count") {
      options.count = absl::EqualsIgnoreCase(value, "true");
    } else if (name == "$expand") {
      options.expand = true;
    } else if (name == "$top") {
      const absl::StatusOr<int64_t> top = ParseTop(value);
      if (!top.ok()) return top.status();
      options.top = *top;
    }
  }
  return options;
}

absl::StatusOr<PropertySet> Selected(const QueryOptions& options,
                                     absl::Span<const PropertyInfo> properties,
                                     PropertySet defaults,
                                     absl::string_view type_name,
                                     UnknownNames unknown) {
  if (!options.select.has_value()) return defaults;
  PropertySet selected = 0;
  for (const std::string& name : *options.select) {
    if (const auto property = FindProperty(properties, name)) {
      selected |= PropertySet{1} << *property;
    } else if (unknown == UnknownNames::kRefuse) {
      return GraphError(
          400, "BadRequest",
          absl::StrCat("Parsing OData Select and Expand failed: Could not find "
                       "a property named '",
                       name, "' on type 'microsoft.graph.", type_name, "'."));
    }
  }
  return selected;
}

}  // namespace rollcall::entra
