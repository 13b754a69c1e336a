// What must be true of everything that a parser accepted, whatever the bytes.
// A property that does not hold ends the process, and the fuzzer keeps the
// input.
#ifndef ROLLCALL_TESTS_FUZZ_PROPERTIES_H_
#define ROLLCALL_TESTS_FUZZ_PROPERTIES_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/utf8.h"
#include "services/directory/graph_limits.h"
#include "services/directory/source_objects.h"

namespace rollcall::fuzz {

inline void Require(bool holds, absl::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "The property does not hold: %s\n",
               std::string(what).c_str());
  std::abort();
}

// Small enough for short inputs to run into them.
inline constexpr directory::PageLimits kLimits = {.max_bytes = 4096,
                                                  .max_depth = 8,
                                                  .max_items = 6,
                                                  .max_text_bytes = 24,
                                                  .max_link_bytes = 48,
                                                  .max_members = 8};

// Tells a value as a text, so that two can be compared, and looks at every text
// in it.
class Teller {
 public:
  void Tell(const std::string& text) {
    Require(text.size() <= kLimits.max_text_bytes, "texts keep the limit");
    Require(text.find('\0') == std::string::npos, "texts hold no NUL");
    Require(ToValidUtf8(text) == text, "texts are valid UTF-8");
    absl::StrAppend(&told_, text, "|");
  }
  void Tell(bool flag) { absl::StrAppend(&told_, flag, "|"); }
  void Tell(const std::vector<std::string>& texts) {
    Require(texts.size() <= 32, "lists of texts keep the limit");
    for (const std::string& text : texts) Tell(text);
  }
  template <typename T>
  void Tell(const directory::Field<T>& field) {
    absl::StrAppend(&told_, field.is_absent(), field.is_null());
    Tell(field.value());
  }
  void Tell(const directory::SourceId& id) { Raw(id.ToString()); }
  void Tell(const directory::SourceUser& user) {
    Tell(user.id);
    Tell(user.user_principal_name);
    Tell(user.display_name);
    Tell(user.mail);
    Tell(user.mobile_phone);
    Tell(user.business_phones);
    Tell(user.account_enabled);
    Tell(user.user_type);
  }
  void Tell(const directory::SourceGroup& group) {
    Tell(group.id);
    Tell(group.display_name);
    Tell(group.description);
    Tell(group.visibility);
  }
  void Tell(const directory::SourceMember& member) {
    Tell(member.id);
    Raw(absl::StrCat(static_cast<int>(member.kind)));
  }
  void Tell(const std::vector<directory::SkippedObject>& skipped) {
    for (const directory::SkippedObject& object : skipped) {
      Require(!object.reason.empty(), "what is left out has a reason");
      Raw(object.reason);
      if (object.id.has_value()) Tell(*object.id);
    }
  }
  void TellLink(const absl::optional<std::string>& link) {
    if (!link.has_value()) return;
    Require(!link->empty() && link->size() <= kLimits.max_link_bytes,
            "links keep the limit");
    Raw(*link);
  }
  // An error has a reason of its own, and not a word of the input.
  void Tell(const absl::Status& status) {
    Require(!ReasonOf(status).empty(), "an error has a reason");
    Require(status.message().size() < 300, "an error is one sentence");
    Raw(status.ToString());
  }
  void Raw(absl::string_view text) { absl::StrAppend(&told_, text, "|"); }

  const std::string& told() const { return told_; }

 private:
  std::string told_;
};

// `tell(Teller&)` parses and tells; twice, it must tell the same.
template <typename Tell>
void RequireSameTwice(const Tell& tell) {
  Teller first;
  tell(first);
  Teller second;
  tell(second);
  Require(first.told() == second.told(), "a parser is deterministic");
}

inline absl::string_view View(const uint8_t* data, size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(data), size);
}

}  // namespace rollcall::fuzz

#endif  // ROLLCALL_TESTS_FUZZ_PROPERTIES_H_
