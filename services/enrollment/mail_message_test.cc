#include "services/enrollment/mail_message.h"

#include <gmime/gmime.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

MailContent Sample() {
  return {.sender = *EmailAddress::Parse("it@rollcall.example"),
          .recipient = *EmailAddress::Parse("ada@example.com"),
          .subject = "Set up your second factor",
          .body = "Hello Ada,\n\nhttps://e.example/#acme.tok\n",
          .message_id = "abc@rollcall.example",
          .date = absl::FromCivil(absl::CivilHour(2026, 3, 1, 12),
                                  absl::UTCTimeZone())};
}

// What another program makes of a message.
struct Parsed {
  std::vector<std::string> header_names;
  std::string subject;
  std::string body;
};

Parsed Parse(const std::string& text) {
  GMimeStream* stream =
      g_mime_stream_mem_new_with_buffer(text.data(), text.size());
  GMimeParser* parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage* message = g_mime_parser_construct_message(parser, nullptr);
  Parsed parsed;
  for (const auto headers :
       {g_mime_object_get_header_list(GMIME_OBJECT(message)),
        g_mime_object_get_header_list(message->mime_part)}) {
    for (int i = 0; i < g_mime_header_list_get_count(headers); ++i) {
      parsed.header_names.push_back(
          g_mime_header_get_name(g_mime_header_list_get_header_at(headers, i)));
    }
  }
  const char* subject = g_mime_message_get_subject(message);
  parsed.subject = subject == nullptr ? "" : subject;
  char* body = g_mime_text_part_get_text(GMIME_TEXT_PART(message->mime_part));
  parsed.body = absl::StrReplaceAll(body, {{"\r\n", "\n"}});
  g_free(body);
  g_object_unref(message);
  g_object_unref(parser);
  g_object_unref(stream);
  return parsed;
}

const std::vector<std::string>& OurHeaders() {
  static const auto& names = *new std::vector<std::string>{
      "Date",         "From",         "Subject",
      "To",           "Message-Id",   "Auto-Submitted",
      "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};
  return names;
}

TEST(MailMessage, R94_SaysWhatItWasGiven) {
  ASSERT_OK_AND_ASSIGN(const std::string text, BuildMessage(Sample()));
  for (const char* line :
       {"From: it@rollcall.example\r\n", "To: ada@example.com\r\n",
        "Subject: Set up your second factor\r\n",
        "Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n",
        "Message-Id: <abc@rollcall.example>\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "\r\n\r\nHello Ada,\r\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_EQ(Parse(text).body, Sample().body);
}

TEST(MailMessage, C3_RefusesMoreThanALineInAHeader) {
  for (const std::string& evil :
       {std::string("a\r\nBcc: eve@evil.example"), std::string("a\nb"),
        std::string("a\rb"), std::string("a\0b", 3), std::string("\xFF")}) {
    MailContent content = Sample();
    content.subject = evil;
    EXPECT_THAT(BuildMessage(content),
                StatusIs(absl::StatusCode::kInvalidArgument, "MAIL_INVALID"));
    content = Sample();
    content.message_id = evil;
    EXPECT_THAT(BuildMessage(content),
                StatusIs(absl::StatusCode::kInvalidArgument, "MAIL_INVALID"));
  }
}

TEST(MailMessage, C3_ABodyCannotEndItself) {
  MailContent content = Sample();
  content.body = "one\n.\nQUIT\n..\r\n.\r\nMAIL FROM:<x>\rtwo\n";
  ASSERT_OK_AND_ASSIGN(const std::string text, BuildMessage(content));
  EXPECT_EQ(Parse(text).body, "one\n.\nQUIT\n..\n.\nMAIL FROM:<x>\ntwo\n");
}

// Text in any script and of any nastiness, one line.
std::string RandomText(std::mt19937& random, bool line_ends) {
  static const auto& pieces =
      *new std::vector<std::string>{"a",
                                    "Z",
                                    " ",
                                    "  ",
                                    "é",
                                    "山田",
                                    "=?utf-8?q?x?=",
                                    ":",
                                    "\"",
                                    "<",
                                    ">",
                                    "@",
                                    "=",
                                    "=0D=0A",
                                    "?=",
                                    "\t",
                                    "\x01",
                                    "\u202E",
                                    "\u2028",
                                    "\U0001F600",
                                    "Bcc: eve@evil.example",
                                    ".",
                                    "From ",
                                    "--"};
  static const auto& breaks =
      *new std::vector<std::string>{"\n", "\r\n", "\n.\n", "\n\n", "\r"};
  std::string text;
  for (unsigned n = random() % 60; n > 0; --n) {
    text += line_ends && random() % 5 == 0 ? breaks[random() % breaks.size()]
                                           : pieces[random() % pieces.size()];
  }
  return text;
}

TEST(MailMessage, Invariant20_ParsesToExactlyOurHeadersWhateverItHolds) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 3000; ++i) {
    MailContent content = Sample();
    content.subject = RandomText(random, /*line_ends=*/false);
    content.body = RandomText(random, /*line_ends=*/true);
    ASSERT_OK_AND_ASSIGN(const std::string text, BuildMessage(content));
    const Parsed parsed = Parse(text);
    ASSERT_EQ(parsed.header_names, OurHeaders()) << text;

    ASSERT_EQ(parsed.subject, content.subject);

    // Without a parser: lines are short, end in CR LF, and are 7-bit.
    const std::vector<std::string> lines = absl::StrSplit(text, "\r\n");
    for (const std::string& line : lines) {
      ASSERT_LE(line.size(), 998u);
      for (const char c : line) {
        ASSERT_TRUE(c == '\t' || (c >= 0x20 && c < 0x7F)) << text;
      }
    }
    ASSERT_TRUE(absl::EndsWith(text, "\r\n"));

    // And nothing is lost on the way.
    std::string body =
        absl::StrReplaceAll(content.body, {{"\r\n", "\n"}, {"\r", "\n"}});
    if (body.empty() || body.back() != '\n') body += '\n';
    ASSERT_EQ(parsed.body, body);
  }
}

TEST(MailMessage, C3_ASubjectInAnyScriptComesThrough) {
  MailContent content = Sample();
  content.subject =
      "Für 山田 太郎: zweiter Faktor für alle, auch für die, die "
      "einen sehr langen Betreff haben";
  ASSERT_OK_AND_ASSIGN(const std::string text, BuildMessage(content));
  EXPECT_EQ(Parse(text).subject, content.subject);
}

}  // namespace
}  // namespace rollcall::enrollment
