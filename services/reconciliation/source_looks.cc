#include "services/reconciliation/source_looks.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>

#include "common/status/status_macros.h"

namespace rollcall::reconciliation {

absl::StatusOr<absl::flat_hash_map<std::string, SourceView>> LookAt(
    const std::vector<std::string>& source_ids, const DirectoryName& directory,
    const absl::flat_hash_map<std::string, std::string>& group_ids,
    DirectoryClient& client) {
  std::vector<absl::StatusOr<SourceView>> answers(
      source_ids.size(), absl::UnknownError("Not asked."));
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  auto ask = [&] {
    for (size_t i = next++; i < source_ids.size() && !failed; i = next++) {
      directory::v1::ReadSourceUserRequest request;
      request.set_name(directory.ToString());
      request.set_source_id(source_ids[i]);
      auto answer = client.ReadSourceUser(request);
      answers[i] =
          answer.ok() ? ReadSourceView(*answer, group_ids) : answer.status();
      if (!answers[i].ok()) failed = true;
    }
  };
  std::vector<std::thread> others;
  const size_t threads =
      std::min(static_cast<size_t>(kLooksAtATime), source_ids.size());
  for (size_t i = 1; i < threads; ++i) others.emplace_back(ask);
  ask();
  for (std::thread& thread : others) thread.join();

  absl::flat_hash_map<std::string, SourceView> views;
  absl::Status unasked;
  for (size_t i = 0; i < source_ids.size(); ++i) {
    if (answers[i].ok()) {
      views[source_ids[i]] = *std::move(answers[i]);
    } else if (!absl::IsUnknown(answers[i].status())) {
      return answers[i].status();
    } else {
      unasked = answers[i].status();
    }
  }
  RETURN_IF_ERROR(unasked);
  return views;
}

}  // namespace rollcall::reconciliation
