#include "services/directory/membership_questions.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/batch_answer.h"
#include "services/directory/graph_batch.h"
#include "services/directory/graph_page.h"
#include "services/directory/page_size.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {
namespace {

using Matters = std::function<bool(const SourceId&)>;

std::string PathOf(MemberKind kind, const SourceId& id) {
  return absl::StrCat("/v1.0/", kind == MemberKind::kUser ? "users" : "groups",
                      "/", id.ToString(), "/memberOf?$select=id");
}

void Take(const Page<SourceMember>& page, const Matters& matters,
          std::vector<SourceId>& groups) {
  for (const SourceMember& member : page.items) {
    if (member.kind == MemberKind::kGroup && matters(member.id)) {
      groups.push_back(member.id);
    }
  }
  for (const SkippedObject& skipped : page.skipped) {
    if (skipped.id.has_value() && matters(*skipped.id)) {
      groups.push_back(*skipped.id);
    }
  }
}

// The whole list, one page after the other.
absl::Status Walk(GraphSession& graph, const std::string& path,
                  const Matters& matters, std::vector<SourceId>& groups) {
  return WalkPages<SourceMember>(graph,
                                 {.path = path,
                                  .parse = ParseMemberPage,
                                  .begin = [&groups] { groups.clear(); },
                                  .take =
                                      [&](const Page<SourceMember>& page) {
                                        Take(page, matters, groups);
                                        return absl::OkStatus();
                                      }});
}

// From the answer to the first page, of that size. None if whoever it is about
// is not there.
absl::StatusOr<absl::optional<std::vector<SourceId>>> GroupsOf(
    GraphSession& graph, const std::string& path, int page_size,
    const absl::StatusOr<std::string>& answer, const Matters& matters) {
  std::vector<SourceId> groups;
  absl::Status status = answer.status();
  const absl::StatusOr<Page<SourceMember>> page =
      answer.ok() ? ParseMemberPage(*answer) : status;
  if (page.ok() && !page->next_link.has_value()) {
    Take(*page, matters, groups);
  } else if (answer.ok() || MayBeRefusedForItsSize(status)) {
    // What was in vain is not asked for again at once, nor in the same way.
    if (!page.ok()) RETURN_IF_ERROR(graph.Pause(1));
    if (!answer.ok()) graph.LimitPageSize(SmallerPage(page_size));
    status = Walk(graph, path, matters, groups);
  }
  if (ReasonOf(status) == "GRAPH_NOT_FOUND") {
    return absl::optional<std::vector<SourceId>>();
  }
  if (ReasonOf(status) == "GRAPH_FORBIDDEN") {
    return Aborted(
        "GRAPH_RESYNC_REQUIRED",
        absl::StrCat("Nobody may ask who is in which groups (",
                     status.message(), ") Everything must be read again."));
  }
  RETURN_IF_ERROR(status);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return absl::make_optional(std::move(groups));
}

}  // namespace

absl::StatusOr<DirectGroups> AskForDirectGroups(
    GraphSession& graph, WorkCrew& crew, MemberKind kind,
    const std::vector<SourceId>& who, const Matters& matters) {
  absl::Mutex mutex;
  DirectGroups all;
  for (size_t begin = 0; begin < who.size(); begin += kQuestionsPerBatch) {
    const size_t end = std::min(who.size(), begin + kQuestionsPerBatch);
    crew.Add([&, begin, end]() -> absl::Status {
      const int page_size = graph.page_size();
      std::vector<BatchQuestion> questions;
      for (size_t i = begin; i < end; ++i) {
        questions.push_back(
            {.path = absl::StrCat(PathOf(kind, who[i]), "&$top=", page_size)});
      }
      ASSIGN_OR_RETURN(const auto answers, AskInBatches(graph, questions));
      for (size_t i = begin; i < end; ++i) {
        ASSIGN_OR_RETURN(absl::optional<std::vector<SourceId>> groups,
                         GroupsOf(graph, PathOf(kind, who[i]), page_size,
                                  answers[i - begin], matters));
        absl::MutexLock lock(&mutex);
        if (!groups.has_value()) {
          all.absent.push_back(who[i]);
        } else if (!groups->empty()) {
          all.groups[who[i]] = *std::move(groups);
        }
      }
      return absl::OkStatus();
    });
  }
  RETURN_IF_ERROR(crew.Wait([] {}));
  return all;
}

}  // namespace rollcall::directory
