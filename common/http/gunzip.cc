#include "common/http/gunzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall::http {
namespace {

constexpr size_t kMaxRatio = 1032;  // Of deflate: 258 bytes from two bits.
constexpr size_t kMinBuffer = 4096;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const {
    libdeflate_free_decompressor(d);
  }
};

absl::Status Malformed() {
  return Unavailable("HTTP_BODY_MALFORMED",
                     "The answer does not unpack: its gzip is damaged.");
}

absl::Status TooLarge(size_t max_bytes) {
  return ResourceExhausted(
      "HTTP_BODY_TOO_LARGE",
      absl::StrCat("The answer unpacks to more than ", max_bytes, " bytes."),
      {{"max_body_bytes", absl::StrCat(max_bytes)}});
}

// What the trailer says of the last member's size, which may be a lie; believed
// only as far as deflate could really go.
size_t SizeHint(absl::string_view packed, size_t max_bytes) {
  size_t claimed = 0;
  for (size_t i = 1; i <= 4 && i <= packed.size(); ++i) {
    claimed =
        claimed << 8 | static_cast<unsigned char>(packed[packed.size() - i]);
  }
  const size_t possible = std::min(packed.size() * kMaxRatio, max_bytes);
  return std::min(std::max(claimed, kMinBuffer), possible);
}

}  // namespace

absl::StatusOr<std::string> Gunzip(absl::string_view packed, size_t max_bytes) {
  // It keeps nothing from one call to the next but its memory.
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor>
      decompressor(libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return Malformed();
  if (packed.empty()) return Malformed();

  std::string text;
  size_t size = 0;  // Of `text`, what is final.
  text.resize(SizeHint(packed, max_bytes));
  while (!packed.empty()) {
    size_t consumed = 0;
    size_t produced = 0;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor.get(), packed.data(), packed.size(), text.data() + size,
        text.size() - size, &consumed, &produced);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (text.size() >= max_bytes) return TooLarge(max_bytes);
      // Doubling repeats the work of this member, at most as much again.
      text.resize(std::min(std::max(2 * text.size(), kMinBuffer), max_bytes));
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return Malformed();
    packed.remove_prefix(consumed);
    size += produced;
  }
  text.resize(size);
  return text;
}

}  // namespace rollcall::http
