// What comes packed: gzip, which may be damaged, cut short, or a bomb.
#include <libdeflate.h>

#include "common/http/gunzip.h"
#include "tests/fuzz/properties.h"

namespace rollcall::fuzz {
namespace {

constexpr size_t kMost = 4096;
constexpr size_t kBombRepeats = 64;

// What a parser of gzip may say.
void TellText(const absl::StatusOr<std::string>& text, size_t most,
              Teller& teller) {
  if (text.ok()) {
    Require(text->size() <= most, "a text keeps the limit");
    return teller.Raw(*text);
  }
  const std::string reason = ReasonOf(text.status());
  Require(reason == "HTTP_BODY_TOO_LARGE" || reason == "HTTP_BODY_MALFORMED",
          "an error is one of two");
  teller.Tell(text.status());
}

std::string Pack(absl::string_view text) {
  static libdeflate_compressor* const compressor =
      libdeflate_alloc_compressor(1);
  std::string packed(libdeflate_gzip_compress_bound(compressor, text.size()),
                     '\0');
  packed.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(),
                                         packed.data(), packed.size()));
  return packed;
}

// Whatever was packed comes out again, or is too large; a part of it is never
// taken for the whole.
void CheckPacked(absl::string_view text, size_t cut) {
  const std::string packed = Pack(text);
  const auto all = http::Gunzip(packed, kMost);
  if (text.size() <= kMost) {
    Require(all.ok() && *all == text, "what was packed comes out");
  } else {
    Require(ReasonOf(all.status()) == "HTTP_BODY_TOO_LARGE",
            "a bomb meets the limit");
  }
  const auto part = http::Gunzip(
      absl::string_view(packed).substr(0, cut % packed.size()), kMost);
  Require(!part.ok(), "a part is not taken for the whole");
  const auto twice = http::Gunzip(packed + packed, kMost);
  Require(twice.ok() == (2 * text.size() <= kMost),
          "members come one after the other");
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rollcall::fuzz;
  const absl::string_view body = View(data, size);
  RequireSameTwice([body](Teller& teller) {
    for (const size_t most : {size_t{0}, size_t{1}, size_t{100}, kMost}) {
      TellText(rollcall::http::Gunzip(body, most), most, teller);
    }
  });
  const size_t cut = size > 0 ? data[0] : 0;
  CheckPacked(body, cut);
  std::string bomb;
  for (size_t i = 0; i < kBombRepeats; ++i)
    bomb.append(body.data(), body.size());
  CheckPacked(bomb, cut);
  return 0;
}
