#include "services/enrollment/mail_message.h"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::enrollment {
namespace {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

struct FreeOptions {
  void operator()(GMimeFormatOptions* options) const {
    g_mime_format_options_free(options);
  }
};

struct FreeDate {
  void operator()(GDateTime* date) const { g_date_time_unref(date); }
};

struct FreeText {
  void operator()(char* text) const { g_free(text); }
};

// GMime keeps tables of its own, made once.
void InitializeOnce() {
  static const bool done = [] {
    g_mime_init();
    return true;
  }();
  static_cast<void>(done);
}

absl::Status CheckHeader(absl::string_view name, absl::string_view text) {
  if (IsValidUtf8(text) && text.find_first_of(absl::string_view("\r\n\0", 3)) ==
                               absl::string_view::npos) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "MAIL_INVALID",
      absl::StrCat("The header ", name,
                   " of a mail would not be one line of UTF-8."),
      {{"header", std::string(name)}});
}

absl::Status CheckBody(absl::string_view body) {
  if (IsValidUtf8(body) && body.find('\0') == absl::string_view::npos) {
    return absl::OkStatus();
  }
  return InvalidArgument("MAIL_INVALID",
                         "The body of a mail is not text in UTF-8.");
}

// The body with line ends as LF, which GMime turns into CR LF: a CR of its own
// would otherwise be encoded as text.
std::string WithLineFeeds(absl::string_view body) {
  std::string text = absl::StrReplaceAll(body, {{"\r\n", "\n"}, {"\r", "\n"}});
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

// Whether the text stands for itself in a header, and nothing in it could be
// read as an encoded word.
bool IsPlain(absl::string_view text) {
  constexpr size_t kOneLine = 60;
  return !text.empty() && text.size() <= kOneLine && text.front() != ' ' &&
         text.back() != ' ' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7F; }) &&
         !absl::StrContains(text, "=?") && !absl::StrContains(text, "  ");
}

// RFC 2047, as Q: some readers, GMime among them, lose what comes after the
// padding of a B. GMime itself encodes only the words that seem to need it,
// which leaves an `=?...?=` that the text itself holds to be decoded by the
// reader.
std::string EncodeSubject(absl::string_view text) {
  if (text.empty() || IsPlain(text)) return std::string(text);
  // An encoded word has 75 characters at most, three a byte here.
  constexpr size_t kBytesPerWord = 20;
  std::vector<std::string> words;
  while (!text.empty()) {
    size_t size = std::min(text.size(), kBytesPerWord);
    // A word holds whole characters only.
    while (size < text.size() && (text[size] & 0xC0) == 0x80) --size;
    std::string word = "=?utf-8?Q?";
    for (const char c : text.substr(0, size)) {
      if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
        word += c;
      } else {
        absl::StrAppendFormat(&word, "=%02X", static_cast<unsigned char>(c));
      }
    }
    words.push_back(absl::StrCat(word, "?="));
    text.remove_prefix(size);
  }
  return absl::StrJoin(words, "\n ");
}

}  // namespace

absl::StatusOr<std::string> BuildMessage(const MailContent& content) {
  RETURN_IF_ERROR(CheckHeader("Subject", content.subject));
  RETURN_IF_ERROR(CheckHeader("Message-ID", content.message_id));
  RETURN_IF_ERROR(CheckBody(content.body));
  InitializeOnce();

  const Owned<GMimeMessage> message(
      g_mime_message_new(/*pretty_headers=*/TRUE));
  g_mime_message_add_mailbox(message.get(), GMIME_ADDRESS_TYPE_FROM,
                             /*name=*/nullptr, content.sender.value().c_str());
  g_mime_message_add_mailbox(message.get(), GMIME_ADDRESS_TYPE_TO,
                             /*name=*/nullptr,
                             content.recipient.value().c_str());
  g_mime_message_set_subject(message.get(), "", "utf-8");
  GMimeHeader* const subject = g_mime_header_list_get_header(
      g_mime_object_get_header_list(GMIME_OBJECT(message.get())), "Subject");
  g_mime_header_set_raw_value(
      subject, absl::StrCat(" ", EncodeSubject(content.subject), "\n").c_str());
  const std::unique_ptr<GDateTime, FreeDate> date(
      g_date_time_new_from_unix_utc(absl::ToUnixSeconds(content.date)));
  g_mime_message_set_date(message.get(), date.get());
  g_mime_message_set_message_id(message.get(), content.message_id.c_str());
  // Keeps out-of-office replies away (RFC 3834).
  g_mime_object_set_header(GMIME_OBJECT(message.get()), "Auto-Submitted",
                           "auto-generated", "utf-8");

  const std::string body = WithLineFeeds(content.body);
  const Owned<GMimeStream> stream(
      g_mime_stream_mem_new_with_buffer(body.data(), body.size()));
  const Owned<GMimeDataWrapper> data(g_mime_data_wrapper_new_with_stream(
      stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
  const Owned<GMimeTextPart> text(g_mime_text_part_new_with_subtype("plain"));
  g_mime_text_part_set_charset(text.get(), "utf-8");
  g_mime_part_set_content(GMIME_PART(text.get()), data.get());
  // Leaves no bare CR, no long line and no 8-bit byte to be misread on the way.
  g_mime_part_set_content_encoding(GMIME_PART(text.get()),
                                   GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  g_mime_message_set_mime_part(message.get(), GMIME_OBJECT(text.get()));

  const std::unique_ptr<GMimeFormatOptions, FreeOptions> format(
      g_mime_format_options_new());
  g_mime_format_options_set_newline_format(format.get(),
                                           GMIME_NEWLINE_FORMAT_DOS);
  const std::unique_ptr<char, FreeText> written(
      g_mime_object_to_string(GMIME_OBJECT(message.get()), format.get()));
  return std::string(written.get());
}

}  // namespace rollcall::enrollment
