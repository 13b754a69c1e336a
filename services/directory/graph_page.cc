#include "services/directory/graph_page.h"

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/text_repair.h"
#include "simdjson.h"

namespace rollcall::directory {
namespace {

namespace dom = simdjson::dom;

absl::Status Malformed(absl::string_view what) {
  return DataLoss(
      "GRAPH_PAGE_MALFORMED",
      absl::StrCat("An answer of Graph cannot be read: ", what, "."));
}

absl::Status TooLarge(absl::string_view what) {
  return DataLoss(
      "GRAPH_PAGE_TOO_LARGE",
      absl::StrCat("An answer of Graph is past our limits: ", what, "."));
}

absl::string_view View(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

bool IsBrokenText(simdjson::error_code error) {
  return error == simdjson::UTF8_ERROR || error == simdjson::STRING_ERROR ||
         error == simdjson::UNESCAPED_CHARS;
}

// Parses one document, with its broken texts marked if it has any. The element
// is valid until the next call on this thread.
absl::StatusOr<dom::element> ParseDocument(absl::string_view body,
                                           const PageLimits& limits) {
  if (body.size() > limits.max_bytes) return TooLarge("its size");
  // One per thread, so that a read of a thousand pages does not allocate and
  // fault in its buffers a thousand times.
  thread_local dom::parser parser;
  if (parser.max_depth() != limits.max_depth &&
      parser.allocate(body.size(), limits.max_depth) != simdjson::SUCCESS) {
    return TooLarge("its size");
  }
  dom::element document;
  auto error = parser.parse(body.data(), body.size(), true).get(document);
  if (IsBrokenText(error)) {
    const std::string repaired = MarkBrokenText(body);
    error = parser.parse(repaired.data(), repaired.size(), true).get(document);
  }
  if (error == simdjson::DEPTH_ERROR) return TooLarge("its depth");
  if (error != simdjson::SUCCESS) {
    return Malformed(simdjson::error_message(error));
  }
  return document;
}

// Reads one object of a page; after the first thing that is wrong with it, it
// goes on only to learn the id.
class ObjectReader {
 public:
  explicit ObjectReader(const PageLimits& limits) : limits_(limits) {}

  void Fail(absl::string_view reason) {
    if (reason_.empty()) reason_ = std::string(reason);
  }

  // Whether this is the first key of its kind; `bit` numbers the keys that we
  // read.
  bool First(int bit) {
    const uint32_t mask = uint32_t{1} << bit;
    if ((seen_ & mask) != 0) {
      Fail("OBJECT_KEY_TWICE");
      return false;
    }
    seen_ |= mask;
    return true;
  }

  void Id(const dom::element& value, SourceId& id) {
    if (!First(31)) {
      has_id_ = false;  // Which of the two it is, nobody knows.
      return;
    }
    std::string_view text;
    absl::optional<SourceId> parsed;
    if (value.get(text) == simdjson::SUCCESS)
      parsed = SourceId::Parse(View(text));
    if (!parsed.has_value()) {
      Fail("OBJECT_ID_INVALID");
      return;
    }
    id = *parsed;
    has_id_ = true;
  }

  void Text(const dom::element& value, Field<std::string>& field) {
    if (value.is_null()) {
      field = Field<std::string>::Null();
      return;
    }
    std::string text;
    if (ReadText(value, text)) field = Field<std::string>(std::move(text));
  }

  void Texts(const dom::element& value,
             Field<std::vector<std::string>>& field) {
    if (value.is_null()) {
      field = Field<std::vector<std::string>>::Null();
      return;
    }
    dom::array array;
    if (value.get(array) != simdjson::SUCCESS) {
      Fail("OBJECT_WRONG_TYPE");
      return;
    }
    std::vector<std::string> texts;
    for (const dom::element element : array) {
      std::string text;
      if (texts.size() >= kMaxTexts) {
        Fail("OBJECT_TEXT_TOO_LONG");
        return;
      }
      if (!ReadText(element, text)) return;
      texts.push_back(std::move(text));
    }
    field = Field<std::vector<std::string>>(std::move(texts));
  }

  void Bool(const dom::element& value, Field<bool>& field) {
    bool flag = false;
    if (value.is_null()) {
      field = Field<bool>::Null();
    } else if (value.get(flag) == simdjson::SUCCESS) {
      field = Field<bool>(flag);
    } else {
      Fail("OBJECT_WRONG_TYPE");
    }
  }

  // To be called at the end: an object that lacks the key may be anything.
  void Require(int bit, absl::string_view reason) {
    if ((seen_ & uint32_t{1} << bit) == 0) Fail(reason);
  }

  bool good() const { return reason_.empty() && has_id_; }

  SkippedObject Skipped(const SourceId& id) const {
    SkippedObject skipped;
    skipped.reason = reason_.empty() ? "OBJECT_ID_INVALID" : reason_;
    if (has_id_) skipped.id = id;
    return skipped;
  }

 private:
  static constexpr size_t kMaxTexts = 32;

  bool ReadText(const dom::element& value, std::string& text) {
    std::string_view view;
    if (value.get(view) != simdjson::SUCCESS) {
      Fail("OBJECT_WRONG_TYPE");
      return false;
    }
    if (view.size() > limits_.max_text_bytes) {
      Fail("OBJECT_TEXT_TOO_LONG");
      return false;
    }
    if (view.find('\0') != std::string_view::npos ||
        !simdjson::validate_utf8(view.data(), view.size())) {
      Fail("OBJECT_TEXT_INVALID");
      return false;
    }
    text = std::string(view);
    return true;
  }

  const PageLimits& limits_;
  uint32_t seen_ = 0;
  bool has_id_ = false;
  std::string reason_;
};

void ReadKey(ObjectReader& reader, std::string_view key,
             const dom::element& value, SourceUser& user) {
  if (key == "id") return reader.Id(value, user.id);
  if (key == "userPrincipalName") {
    if (reader.First(0)) reader.Text(value, user.user_principal_name);
  } else if (key == "displayName") {
    if (reader.First(1)) reader.Text(value, user.display_name);
  } else if (key == "mail") {
    if (reader.First(2)) reader.Text(value, user.mail);
  } else if (key == "mobilePhone") {
    if (reader.First(3)) reader.Text(value, user.mobile_phone);
  } else if (key == "businessPhones") {
    if (reader.First(4)) reader.Texts(value, user.business_phones);
  } else if (key == "accountEnabled") {
    if (reader.First(5)) reader.Bool(value, user.account_enabled);
  } else if (key == "userType") {
    if (reader.First(6)) reader.Text(value, user.user_type);
  }
}

void ReadKey(ObjectReader& reader, std::string_view key,
             const dom::element& value, SourceGroup& group) {
  if (key == "id") return reader.Id(value, group.id);
  if (key == "displayName") {
    if (reader.First(0)) reader.Text(value, group.display_name);
  } else if (key == "description") {
    if (reader.First(1)) reader.Text(value, group.description);
  } else if (key == "visibility") {
    if (reader.First(2)) reader.Text(value, group.visibility);
  }
}

MemberKind KindOf(absl::string_view odata_type) {
  if (odata_type == "#microsoft.graph.user") return MemberKind::kUser;
  if (odata_type == "#microsoft.graph.group") return MemberKind::kGroup;
  if (odata_type == "#microsoft.graph.device") return MemberKind::kDevice;
  if (odata_type == "#microsoft.graph.orgContact") return MemberKind::kContact;
  if (odata_type == "#microsoft.graph.servicePrincipal") {
    return MemberKind::kServicePrincipal;
  }
  return MemberKind::kOther;
}

void ReadKey(ObjectReader& reader, std::string_view key,
             const dom::element& value, SourceMember& member) {
  if (key == "id") return reader.Id(value, member.id);
  if (key != "@odata.type" || !reader.First(0)) return;
  std::string_view type;
  if (value.get(type) != simdjson::SUCCESS) {
    return reader.Fail("OBJECT_WRONG_TYPE");
  }
  member.kind = KindOf(View(type));
}

template <typename Object>
void CheckKeys(ObjectReader&, const Object&) {}

// Without its type, a member may be a user, who would be missed.
void CheckKeys(ObjectReader& reader, const SourceMember&) {
  reader.Require(0, "OBJECT_TYPE_MISSING");
}

template <typename Object>
ObjectReader ReadObject(const dom::object& source, const PageLimits& limits,
                        Object& object) {
  ObjectReader reader(limits);
  for (const dom::key_value_pair pair : source) {
    ReadKey(reader, pair.key, pair.value, object);
  }
  CheckKeys(reader, object);
  return reader;
}

template <typename Object>
void ReadItem(const dom::element& element, const PageLimits& limits,
              Page<Object>& page) {
  dom::object source;
  if (element.get(source) != simdjson::SUCCESS) {
    page.skipped.push_back({"OBJECT_NOT_AN_OBJECT", absl::nullopt});
    return;
  }
  Object object;
  const ObjectReader reader = ReadObject(source, limits, object);
  if (reader.good()) {
    page.items.push_back(std::move(object));
  } else {
    page.skipped.push_back(reader.Skipped(object.id));
  }
}

template <typename Object>
absl::Status ReadItems(const dom::element& value, const PageLimits& limits,
                       Page<Object>& page) {
  dom::array items;
  if (value.get(items) != simdjson::SUCCESS) {
    return Malformed("`value` is no array");
  }
  // simdjson counts up to 2^24 - 1 and then says just that.
  if (items.size() > limits.max_items) return TooLarge("its number of objects");
  page.items.reserve(items.size());
  for (const dom::element element : items) ReadItem(element, limits, page);
  return absl::OkStatus();
}

template <typename Object>
absl::Status ReadNextLink(const dom::element& value, const PageLimits& limits,
                          Page<Object>& page) {
  if (value.is_null()) return absl::OkStatus();
  std::string_view link;
  if (value.get(link) != simdjson::SUCCESS || link.empty()) {
    return Malformed("its nextLink is no text");
  }
  if (link.size() > limits.max_link_bytes) return TooLarge("its nextLink");
  page.next_link = std::string(link);
  return absl::OkStatus();
}

template <typename Object>
absl::StatusOr<Page<Object>> ParsePage(absl::string_view body,
                                       const PageLimits& limits) {
  ASSIGN_OR_RETURN(const dom::element document, ParseDocument(body, limits));
  dom::object root;
  if (document.get(root) != simdjson::SUCCESS) {
    return Malformed("it is no object");
  }
  Page<Object> page;
  bool has_value = false;
  bool has_link = false;
  for (const dom::key_value_pair pair : root) {
    if (pair.key == "value") {
      if (std::exchange(has_value, true)) return Malformed("`value` twice");
      RETURN_IF_ERROR(ReadItems(pair.value, limits, page));
    } else if (pair.key == "@odata.nextLink") {
      if (std::exchange(has_link, true)) return Malformed("nextLink twice");
      RETURN_IF_ERROR(ReadNextLink(pair.value, limits, page));
    } else if (pair.key == "error") {
      return Malformed("it carries an error");
    }
  }
  if (!has_value) return Malformed("it has no `value`");
  return page;
}

template <typename Object>
absl::StatusOr<Object> ParseSingle(absl::string_view body,
                                   const PageLimits& limits) {
  ASSIGN_OR_RETURN(const dom::element document, ParseDocument(body, limits));
  dom::object source;
  if (document.get(source) != simdjson::SUCCESS) {
    return Malformed("it is no object");
  }
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

absl::StatusOr<Page<SourceGroup>> ParseGroupPage(absl::string_view body,
                                                 const PageLimits& limits) {
  return ParsePage<SourceGroup>(body, limits);
}

absl::StatusOr<Page<SourceMember>> ParseMemberPage(absl::string_view body,
                                                   const PageLimits& limits) {
  return ParsePage<SourceMember>(body, limits);
}

absl::StatusOr<SourceUser> ParseUser(absl::string_view body,
                                     const PageLimits& limits) {
  return ParseSingle<SourceUser>(body, limits);
}

absl::StatusOr<SourceGroup> ParseGroup(absl::string_view body,
                                       const PageLimits& limits) {
  return ParseSingle<SourceGroup>(body, limits);
}

std::vector<std::string> ParseErrorCodes(absl::string_view body) {
  constexpr size_t kMaxCodes = 16;
  std::vector<std::string> codes;
  PageLimits limits;
  limits.max_bytes = size_t{1} << 20;
  const absl::StatusOr<dom::element> document = ParseDocument(body, limits);
  dom::element level;
  if (!document.ok() || document->at_key("error").get(level)) return codes;
  while (codes.size() < kMaxCodes) {
    std::string_view code;
    if (level.at_key("code").get(code) == simdjson::SUCCESS &&
        code.size() <= limits.max_text_bytes) {
      codes.emplace_back(code);
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
