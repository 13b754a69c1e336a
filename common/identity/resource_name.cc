#include "common/identity/resource_name.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status/errors.h"
#include "common/status/utf8.h"

namespace rollcall {
namespace {

constexpr size_t kMaxChosenIdLength = 63;  // A DNS label (AIP-133).
constexpr size_t kMaxIdLength = 128;
constexpr size_t kMaxQuotedLength = 160;  // Of a wrong name in an error.

bool IsLowerOrDigit(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c);
}

// Whether `id` may end a name: ours, or one that a client chose.
bool IsNameSegment(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdLength) return false;
  for (const char c : id) {
    if (!IsLowerOrDigit(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

// A wrong name as it may stand in an error: readable whatever it was.
std::string Quotable(absl::string_view name) {
  return CutUtf8(ToValidUtf8(name.substr(0, 2 * kMaxQuotedLength)),
                 kMaxQuotedLength);
}

absl::Status WrongName(absl::string_view name, absl::string_view expected) {
  return InvalidArgument(
      "NAME_INVALID",
      absl::StrCat("\"", Quotable(name), "\" is not a name of the form ",
                   expected, "."),
      {{"name", Quotable(name)}, {"expected", std::string(expected)}});
}

}  // namespace

bool IsValidId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxChosenIdLength) return false;
  if (!absl::ascii_islower(id.front()) || id.back() == '-') return false;
  for (const char c : id) {
    if (!IsLowerOrDigit(c) && c != '-') return false;
  }
  return true;
}

absl::Status ValidateId(absl::string_view id, absl::string_view field) {
  if (IsValidId(id)) return absl::OkStatus();
  return InvalidArgument(
      "ID_INVALID",
      absl::StrCat(field, " must be 1 to ", kMaxChosenIdLength,
                   " lower-case letters, digits and hyphens, beginning with a "
                   "letter and not ending with a hyphen; it is \"",
                   Quotable(id), "\"."),
      {{"field", std::string(field)}, {"id", Quotable(id)}});
}

absl::StatusOr<AccountName> AccountName::Parse(absl::string_view name) {
  absl::string_view id = name;
  if (!absl::ConsumePrefix(&id, "accounts/") || !IsValidId(id)) {
    return WrongName(name, "accounts/{account}");
  }
  return AccountName(std::string(id));
}

namespace internal {

absl::StatusOr<std::pair<std::string, std::string>> ParseChildName(
    absl::string_view name, absl::string_view collection) {
  // One more than there may be, so that what is too long shows.
  const std::vector<absl::string_view> parts =
      absl::StrSplit(name, absl::MaxSplits('/', 4));
  if (parts.size() != 4 || parts[0] != "accounts" || !IsValidId(parts[1]) ||
      parts[2] != collection || !IsNameSegment(parts[3])) {
    return WrongName(name,
                     absl::StrCat("accounts/{account}/", collection, "/{id}"));
  }
  return std::make_pair(std::string(parts[1]), std::string(parts[3]));
}

}  // namespace internal

absl::StatusOr<RunName> RunName::Parse(absl::string_view name) {
  constexpr absl::string_view kCollection = "/runs/";
  const size_t at = name.rfind(kCollection);
  if (at != absl::string_view::npos) {
    const absl::string_view id = name.substr(at + kCollection.size());
    auto directory = DirectoryName::Parse(name.substr(0, at));
    if (directory.ok() && IsNameSegment(id)) {
      return RunName(*std::move(directory), std::string(id));
    }
  }
  return WrongName(name,
                   "accounts/{account}/directories/{directory}/runs/{run}");
}

}  // namespace rollcall
