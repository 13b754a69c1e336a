// Reads the runs of one account, and what is stored of a run under way.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_READER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_READER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {

struct ListedRun {
  std::string key;  // Leads on to the next page.
  v1::Run run;
};

struct RunningRun {
  std::string directory;
  store::RunningRow row;
};

// Thread-safe, cheap to make. Directories and runs are named by their ids.
class RunReader {
 public:
  // `reader` must outlive this.
  RunReader(const rollcall::store::Reader& reader, std::string account)
      : reader_(&reader), account_(std::move(account)) {}

  absl::StatusOr<absl::optional<v1::Run>> FindRun(absl::string_view directory,
                                                  absl::string_view run) const;

  // The newest first; at most `limit` after the key of a page before.
  absl::StatusOr<std::vector<ListedRun>> ListRuns(absl::string_view directory,
                                                  absl::string_view after_key,
                                                  int limit) const;

  // The run that a directory is being synchronized by, and all such runs.
  absl::StatusOr<absl::optional<store::RunningRow>> FindRunning(
      absl::string_view directory) const;
  absl::StatusOr<std::vector<RunningRun>> ListRunning() const;

  absl::StatusOr<absl::optional<store::PlaceRow>> FindPlace(
      absl::string_view directory, absl::string_view run) const;
  absl::StatusOr<absl::optional<store::ScopeRow>> FindScope(
      absl::string_view directory, absl::string_view run) const;
  // What the directory's runs hand on; defaults before the first one.
  absl::StatusOr<store::DirectoryRow> GetDirectory(
      absl::string_view directory) const;
  // How many users the directory claims that are not in the trash.
  absl::StatusOr<int64_t> CountLive(absl::string_view directory) const;

  absl::StatusOr<absl::optional<store::RequestRow>> FindRequest(
      absl::string_view directory, absl::string_view request_id) const;

 private:
  const rollcall::store::Reader* reader_;
  std::string account_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_READER_H_
