#include "services/directory/graph_object.h"

#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/types/optional.h"
#include "services/directory/graph_json.h"

namespace rollcall::directory {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kMaxTexts = 32;  // In a list of texts.

MemberKind KindOf(absl::string_view odata_type) {
  constexpr std::pair<absl::string_view, MemberKind> kKinds[] = {
      {"#microsoft.graph.user", MemberKind::kUser},
      {"#microsoft.graph.group", MemberKind::kGroup},
      {"#microsoft.graph.device", MemberKind::kDevice},
      {"#microsoft.graph.orgContact", MemberKind::kContact},
      {"#microsoft.graph.servicePrincipal", MemberKind::kServicePrincipal}};
  // Nearly everybody, millions of times.
  if (odata_type == kKinds[0].first) return MemberKind::kUser;
  for (const auto& [type, kind] : kKinds) {
    if (absl::EqualsIgnoreCase(odata_type, type)) return kind;
  }
  return MemberKind::kOther;
}

// Whether there is nothing in it but ASCII without NUL, as in most texts.
bool IsPlain(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kTopBits = 0x8080808080808080;
  uint64_t bits = 0;
  for (; text.size() >= sizeof(uint64_t);
       text.remove_prefix(sizeof(uint64_t))) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof(word));
    bits |= word | (word - kOnes);  // A NUL borrows its top bit.
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bits |= byte | (uint64_t{byte} - 1);
  }
  return (bits & kTopBits) == 0;
}

}  // namespace

void ObjectReader::Id(const dom::element& value, SourceId& id) {
  if (!First(31)) {
    has_id_ = false;  // Which of the two it is, nobody knows.
    return;
  }
  std::string_view text;
  absl::optional<SourceId> parsed;
  if (value.get(text) == simdjson::SUCCESS) {
    parsed = SourceId::Parse(AbslView(text));
  }
  if (!parsed.has_value()) {
    Fail("OBJECT_ID_INVALID");
    return;
  }
  id = *parsed;
  has_id_ = true;
}

void ObjectReader::Text(const dom::element& value, Field<std::string>& field) {
  if (value.is_null()) {
    field = Field<std::string>::Null();
    return;
  }
  std::string_view text;
  if (ReadText(value, text)) field.Tell().assign(text);
}

void ObjectReader::Texts(const dom::element& value,
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
  std::vector<std::string>& texts = field.Tell();
  for (const dom::element element : array) {
    std::string_view text;
    if (texts.size() >= kMaxTexts) {
      Fail("OBJECT_TEXT_TOO_LONG");
      return;
    }
    if (!ReadText(element, text)) return;
    texts.emplace_back(text);
  }
}

void ObjectReader::Bool(const dom::element& value, Field<bool>& field) {
  bool flag = false;
  if (value.is_null()) {
    field = Field<bool>::Null();
  } else if (value.get(flag) == simdjson::SUCCESS) {
    field = Field<bool>(flag);
  } else {
    Fail("OBJECT_WRONG_TYPE");
  }
}

SkippedObject ObjectReader::Skipped(const SourceId& id) const {
  SkippedObject skipped;
  skipped.reason = reason_.empty() ? "OBJECT_ID_INVALID" : std::string(reason_);
  if (has_id_) skipped.id = id;
  return skipped;
}

bool ObjectReader::ReadText(const dom::element& value, std::string_view& text) {
  if (value.get(text) != simdjson::SUCCESS) {
    Fail("OBJECT_WRONG_TYPE");
    return false;
  }
  if (text.size() > limits_.max_text_bytes) {
    Fail("OBJECT_TEXT_TOO_LONG");
    return false;
  }
  if (!IsPlain(text) && (text.find('\0') != std::string_view::npos ||
                         !simdjson::validate_utf8(text.data(), text.size()))) {
    Fail("OBJECT_TEXT_INVALID");
    return false;
  }
  return true;
}

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

void ReadKey(ObjectReader& reader, std::string_view key,
             const dom::element& value, SourceMember& member) {
  if (key == "id") return reader.Id(value, member.id);
  if (key != "@odata.type" || !reader.First(0)) return;
  std::string_view type;
  if (value.get(type) != simdjson::SUCCESS) {
    return reader.Fail("OBJECT_WRONG_TYPE");
  }
  member.kind = KindOf(AbslView(type));
}

// Without its type, a member may be a user, who would be missed.
void CheckKeys(ObjectReader& reader, const SourceMember&) {
  reader.Require(0, "OBJECT_TYPE_MISSING");
}

}  // namespace rollcall::directory
