#include "tests/fakes/entra/compression.h"

#include <libdeflate.h>

#include <memory>

namespace rollcall::entra {
namespace {

constexpr int kLevel = 1;

struct CompressorDeleter {
  void operator()(libdeflate_compressor* compressor) const {
    libdeflate_free_compressor(compressor);
  }
};

}  // namespace

std::string Gzip(absl::string_view text) {
  // A compressor takes long to make and serves one thread.
  thread_local const std::unique_ptr<libdeflate_compressor, CompressorDeleter>
      compressor(libdeflate_alloc_compressor(kLevel));
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), text.size()),
                  '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), text.data(),
                                      text.size(), out.data(), out.size()));
  return out;
}

}  // namespace rollcall::entra
