#include "common/rpc/paging.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall::rpc {
namespace {

constexpr size_t kSealSize = 8;

// FNV-1a, 64 bits: the same in every process, unlike absl::Hash. It guards
// against mistakes, not against forgers: a token has no authority.
uint64_t Fnv1a(absl::string_view text, uint64_t hash) {
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

// Eight bytes that only this scope and this key have.
std::string SealOf(absl::string_view scope, absl::string_view key) {
  uint64_t hash = Fnv1a(scope, 0xcbf29ce484222325);
  hash = Fnv1a(absl::string_view("\0", 1), hash);
  hash = Fnv1a(key, hash);
  std::string seal;
  for (int shift = 56; shift >= 0; shift -= 8) {
    seal.push_back(static_cast<char>(hash >> shift));
  }
  return seal;
}

}  // namespace

absl::StatusOr<int> ResolvePageSize(int requested, int default_size,
                                    int maximum) {
  if (requested < 0) {
    return InvalidArgument(
        "PAGE_SIZE_NEGATIVE",
        absl::StrCat("page_size is ", requested, "; it must not be negative."),
        {{"field", "page_size"}, {"page_size", absl::StrCat(requested)}});
  }
  if (requested == 0) return default_size;
  return std::min(requested, maximum);
}

std::string MakePageToken(absl::string_view scope, absl::string_view last_key) {
  return absl::WebSafeBase64Escape(
      absl::StrCat(SealOf(scope, last_key), last_key));
}

absl::StatusOr<std::string> ReadPageToken(absl::string_view scope,
                                          absl::string_view token) {
  if (token.empty()) return std::string();
  std::string bytes;
  if (absl::WebSafeBase64Unescape(token, &bytes) && bytes.size() > kSealSize) {
    std::string key = bytes.substr(kSealSize);
    if (SealOf(scope, key) == bytes.substr(0, kSealSize)) return key;
  }
  return InvalidArgument(
      "PAGE_TOKEN_INVALID",
      "page_token does not belong to this call: pass the next_page_token of "
      "the page before, with the other arguments unchanged.",
      {{"field", "page_token"}});
}

bool PageRoom::Take(size_t bytes) {
  constexpr size_t kMaxBytes = size_t{2} << 20;
  const bool fits = taken_ == 0 || bytes_ + bytes <= kMaxBytes;
  if (taken_ == entries_ || !fits) return false;
  ++taken_;
  bytes_ += bytes;
  return true;
}

}  // namespace rollcall::rpc
