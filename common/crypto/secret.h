// A text that does not print: client secrets, tokens, private keys.
#ifndef ROLLCALL_COMMON_CRYPTO_SECRET_H_
#define ROLLCALL_COMMON_CRYPTO_SECRET_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// A value. Wiped from memory when it is destroyed or overwritten. Has no
// operator<<, no AbslStringify, no conversion to a string: to see the text one
// must say `Reveal()`, and a reviewer looks at each place that does. Comparison
// takes the same time for all texts of one length.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text);
  Secret(const Secret& other) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  // The text. Valid while this lives and is not assigned to.
  absl::string_view Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  friend bool operator==(const Secret& a, const Secret& b) {
    return a.Equals(b);
  }
  friend bool operator!=(const Secret& a, const Secret& b) {
    return !a.Equals(b);
  }

 private:
  bool Equals(const Secret& other) const;
  void Wipe();
  std::string text_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_CRYPTO_SECRET_H_
