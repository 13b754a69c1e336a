#include "services/directory/graph_batch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/batch_answer.h"
#include "services/directory/graph_error.h"
#include "services/directory/graph_page.h"
#include "services/directory/page_size.h"

namespace rollcall::directory {
namespace {

using Answers = std::vector<absl::StatusOr<std::string>>;

constexpr absl::string_view kVersion = "/v1.0";

// Inside a batch, addresses are relative to the version.
absl::Status CheckQuestion(const BatchQuestion& question) {
  const bool plain =
      absl::StartsWith(question.path, "/v1.0/") &&
      std::all_of(question.path.begin(), question.path.end(), [](char c) {
        return c > ' ' && c <= '~' && c != '"' && c != '\\';
      });
  if (plain) return absl::OkStatus();
  return Internal("GRAPH_PATH_INVALID", "A question is no path of Graph.");
}

std::string RequestFor(absl::Span<const BatchQuestion> questions) {
  std::string body = R"({"requests":[)";
  for (size_t i = 0; i < questions.size(); ++i) {
    const BatchQuestion& question = questions[i];
    absl::StrAppend(&body, i == 0 ? "" : ",", R"({"id":")", i,
                    R"(","method":")", question.body.empty() ? "GET" : "POST",
                    R"(","url":")", question.path.substr(kVersion.size()),
                    R"(","headers":{"x-ms-throttle-priority":"Low")");
    if (!question.body.empty()) {
      absl::StrAppend(&body, R"(,"Content-Type":"application/json"})",
                      R"(,"body":)", question.body, "}");
    } else {
      absl::StrAppend(&body, "}}");
    }
  }
  return absl::StrCat(body, "]}");
}

double UnitsOf(absl::Span<const BatchQuestion> questions) {
  double units = 0;
  for (const BatchQuestion& question : questions) {
    units += ResourceUnits(question.path);
  }
  return units;
}

absl::StatusOr<std::string> AskAlone(GraphSession& graph,
                                     const BatchQuestion& question) {
  return question.body.empty() ? graph.Get(question.path)
                               : graph.Post(question.path, question.body);
}

// Whether to ask again alone: a session knows how to try, and how to renew its
// token.
bool IsToBeAskedAgain(GraphVerdict verdict) {
  return verdict == GraphVerdict::kRetry ||
         verdict == GraphVerdict::kRefreshToken;
}

struct Opened {
  Answers answers;
  std::vector<size_t> again;
  absl::optional<absl::Duration> wait;  // The longest that was asked for.
  // Whether something failed, or was left out, without a word about when to
  // come back.
  bool is_untold = false;
  bool is_throttled = false;
};

// Sorts the items of one batch into answers and questions to be asked again.
Opened Open(std::vector<absl::optional<BatchItem>> items, absl::Time now) {
  Opened opened;
  for (size_t i = 0; i < items.size(); ++i) {
    opened.answers.emplace_back(
        Unavailable("GRAPH_UNAVAILABLE", "A batch left the answer out."));
    if (!items[i].has_value()) {
      opened.again.push_back(i);
      opened.is_untold = true;
      continue;
    }
    BatchItem& item = *items[i];
    GraphAnswer answer{.status = item.status, .retry_after = item.retry_after};
    if (item.status != 200) answer.codes = ParseErrorCodes(item.body);
    const GraphVerdict verdict = Judge(answer);
    if (verdict == GraphVerdict::kOk) {
      opened.answers[i] = std::move(item.body);
    } else {
      opened.answers[i] = StatusFor(answer, verdict);
    }
    if (!IsToBeAskedAgain(verdict)) continue;
    opened.again.push_back(i);
    opened.is_throttled |= item.status == 429;
    const absl::optional<absl::Duration> wait =
        item.retry_after.has_value() ? ParseRetryAfter(*item.retry_after, now)
                                     : absl::nullopt;
    if (wait.has_value()) {
      opened.wait = std::max(*wait, opened.wait.value_or(*wait));
    } else if (verdict == GraphVerdict::kRetry) {
      opened.is_untold = true;
    }
  }
  return opened;
}

absl::StatusOr<Opened> AskOnce(GraphSession& graph,
                               absl::Span<const BatchQuestion> questions) {
  const absl::StatusOr<std::string> body =
      graph.Post("/v1.0/$batch", RequestFor(questions), UnitsOf(questions));
  if (EndsTheRead(body.status())) return body.status();
  // What is too much at once may not be one by one.
  if (ReasonOf(body.status()) == "GRAPH_UNAVAILABLE" &&
      !TookTooLong(body.status())) {
    return Opened{.answers = Answers(questions.size(), body.status())};
  }
  std::vector<absl::optional<BatchItem>> none(questions.size());
  if (!body.ok()) return Open(std::move(none), graph.Now());
  absl::StatusOr<std::vector<absl::optional<BatchItem>>> items =
      ParseBatchAnswer(*body, questions.size());
  return Open(items.ok() ? *std::move(items) : std::move(none), graph.Now());
}

// Before the first is asked again. A hold is as good as a backoff.
absl::Status WaitToAskAgain(GraphSession& graph, const Opened& opened) {
  if (opened.is_throttled) graph.Slow();
  if (opened.wait.has_value()) graph.Hold(*opened.wait);
  const bool is_held = opened.wait >= BackoffPolicy().initial;
  if (is_held || opened.again.empty()) return absl::OkStatus();
  return opened.is_untold ? graph.BackOff(1) : graph.Pause(1);
}

}  // namespace

absl::StatusOr<Answers> AskInBatches(
    GraphSession& graph, absl::Span<const BatchQuestion> questions) {
  Answers answers;
  for (size_t begin = 0; begin < questions.size();
       begin += kQuestionsPerBatch) {
    const auto batch = questions.subspan(begin, kQuestionsPerBatch);
    for (const BatchQuestion& question : batch) {
      RETURN_IF_ERROR(CheckQuestion(question));
    }
    ASSIGN_OR_RETURN(Opened opened, AskOnce(graph, batch));
    RETURN_IF_ERROR(WaitToAskAgain(graph, opened));
    for (const size_t i : opened.again) {
      opened.answers[i] = AskAlone(graph, batch[i]);
      if (EndsTheRead(opened.answers[i].status())) {
        return opened.answers[i].status();
      }
    }
    std::move(opened.answers.begin(), opened.answers.end(),
              std::back_inserter(answers));
  }
  return answers;
}

}  // namespace rollcall::directory
