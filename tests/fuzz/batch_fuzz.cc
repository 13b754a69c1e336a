// Answers to $batch.
#include "services/directory/batch_answer.h"
#include "services/directory/graph_page.h"
#include "tests/fuzz/properties.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rollcall::fuzz;
  using namespace rollcall::directory;
  constexpr size_t kQuestions = 4;
  const absl::string_view body = View(data, size);
  RequireSameTwice([body](Teller& teller) {
    const auto items = ParseBatchAnswer(body, kQuestions, kLimits);
    if (!items.ok()) return teller.Tell(items.status());
    Require(items->size() == kQuestions, "each question has its place");
    for (const auto& item : *items) {
      teller.Tell(item.has_value());
      if (!item.has_value()) continue;
      Require(item->status >= 100 && item->status <= 599, "a status is one");
      Require(item->retry_after.value_or("").size() <= 256,
              "headers are short");
      teller.Raw(item->body);
      // What is inside goes on to the other parsers, which it must not upset.
      const auto user = ParseUser(item->body, kLimits);
      if (user.ok()) teller.Tell(*user);
      ParseErrorCodes(item->body);
    }
  });
  return 0;
}
