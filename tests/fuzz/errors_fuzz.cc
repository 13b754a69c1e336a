// Error bodies, and the headers that say how long to wait and what was charged.
// The first byte chooses the status, the first line is the header.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "services/directory/graph_error.h"
#include "services/directory/graph_page.h"
#include "tests/fuzz/properties.h"

namespace rollcall::fuzz {
namespace {

using directory::GraphAnswer;
using directory::GraphVerdict;

constexpr int kStatuses[] = {0,   200, 204, 302, 400, 401, 403, 404, 408, 410,
                             412, 424, 429, 500, 501, 502, 503, 504, 509, 599};

void TellCodes(const std::vector<std::string>& codes, Teller& teller) {
  Require(codes.size() <= 16, "codes keep the limit");
  for (const std::string& code : codes) {
    Require(code.size() <= 64 &&
                std::all_of(code.begin(), code.end(),
                            [](char c) { return absl::ascii_isgraph(c); }),
            "codes are plain");
    teller.Raw(code);
  }
}

void TellHeader(absl::string_view text, Teller& teller) {
  const absl::Time now = absl::FromUnixSeconds(1'760'000'000);
  const auto wait = directory::ParseRetryAfter(text, now);
  if (wait.has_value()) {
    Require(*wait >= absl::ZeroDuration() && *wait <= absl::Hours(3650 * 24),
            "a wait is neither negative nor endless");
    teller.Raw(absl::FormatDuration(*wait));
  }
  const auto number = directory::ParseQuotaNumber(text);
  if (number.has_value()) {
    Require(*number >= 0 && *number < 1e308, "a number is plain and finite");
    teller.Raw(absl::StrCat(*number));
  }
}

void TellAnswer(const GraphAnswer& answer, Teller& teller) {
  const GraphVerdict verdict = Judge(answer);
  Require((verdict == GraphVerdict::kOk) == (answer.status == 200),
          "only 200 is success");
  Require(verdict != GraphVerdict::kNotFound || answer.status == 404,
          "only a 404 is absence");
  const absl::Status status = StatusFor(answer, verdict);
  Require(status.ok() == (answer.status == 200), "an error is an error");
  if (!status.ok()) teller.Tell(status);
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rollcall::fuzz;
  if (size == 0) return 0;
  const int status = kStatuses[data[0] % (sizeof(kStatuses) / sizeof(int))];
  const absl::string_view rest = View(data + 1, size - 1);
  const absl::string_view header = rest.substr(0, rest.find('\n'));
  const absl::string_view body =
      header.size() < rest.size() ? rest.substr(header.size() + 1) : rest;
  RequireSameTwice([&](Teller& teller) {
    GraphAnswer answer{.status = status};
    answer.codes = rollcall::directory::ParseErrorCodes(body);
    TellCodes(answer.codes, teller);
    TellAnswer(answer, teller);
    TellHeader(header, teller);
  });
  return 0;
}
