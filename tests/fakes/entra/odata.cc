#include "tests/fakes/entra/odata.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

// Properties of users that are stored outside the directory.
bool IsElsewhere(absl::string_view property) {
  for (absl::string_view name :
       {"aboutMe", "birthday", "hireDate", "interests", "mailboxSettings",
        "mySite", "pastProjects", "preferredName", "responsibilities",
        "schools", "skills"}) {
    if (absl::EqualsIgnoreCase(property, name)) return true;
  }
  return false;
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
  std::vector<std::string> canonical;
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
    canonical.push_back(absl::StrCat(name, "=", value));
    absl::StrAppend(&options.for_next_link,
                    options.for_next_link.empty() ? "" : "&", raw);
    if (name == "$select") {
      options.select = SplitNames(value);
    } else if (name == "$filter") {
      options.filter = value;
    } else if (name == "$search") {
      options.search = value;
    } else if (name == "$orderby") {
      options.order_by = value;
    } else if (name == "$count") {
      options.count = absl::EqualsIgnoreCase(value, "true");
    } else if (name == "$expand") {
      options.expand = value;
    } else if (name == "$top") {
      const absl::StatusOr<int64_t> top = ParseTop(value);
      if (!top.ok()) return top.status();
      options.top = *top;
    }
  }
  std::sort(canonical.begin(), canonical.end());
  options.canonical = absl::StrJoin(canonical, "&");
  return options;
}

bool IsSelected(const QueryOptions& options, absl::string_view property) {
  return !options.select.has_value() ||
         std::any_of(options.select->begin(), options.select->end(),
                     [property](const std::string& name) {
                       return absl::EqualsIgnoreCase(name, property);
                     });
}

std::string SelectSuffix(const QueryOptions& options) {
  if (!options.select.has_value()) return "";
  return absl::StrCat("(", absl::StrJoin(*options.select, ","), ")");
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
    } else if (IsElsewhere(name)) {
      return GraphError(501, "NotImplemented",
                        "This operation target is not yet supported.");
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
