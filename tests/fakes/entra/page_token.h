// Opaque tokens of links: numbers and text, sealed against meddling.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_PAGE_TOKEN_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_PAGE_TOKEN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall::entra {

struct PageToken {
  std::vector<uint64_t> numbers;
  std::string text;

  friend bool operator==(const PageToken&, const PageToken&) = default;
};

// Thread-safe. Tokens of one sealer mean nothing to another.
class TokenSealer {
 public:
  // A tenant of the same seed accepts tokens from before a restart.
  explicit TokenSealer(uint64_t seed);

  // Text that needs no encoding in a URL.
  std::string Seal(const PageToken& token) const;
  std::optional<PageToken> Open(absl::string_view sealed) const;

 private:
  std::string Mac(absl::string_view payload) const;

  std::string key_;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_PAGE_TOKEN_H_
