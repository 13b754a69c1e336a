// Says what has moved since a plan was made (B1): in the source, and in the
// account.
// Writes nothing.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_MOVES_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_MOVES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/plan_store.pb.h"

namespace rollcall::reconciliation {

// The first twenty of what has moved, and how many there are.
class Moves {
 public:
  void Add(std::string what);
  bool empty() const { return count_ == 0; }
  int64_t count() const { return count_; }
  // `ada@a.test, ben@a.test and 3 more`.
  std::string ToString() const;

 private:
  std::vector<std::string> names_;
  int64_t count_ = 0;
};

struct SourceCheck {
  Moves moves;
  // Whether the source has answered completely; otherwise nothing is known.
  bool complete = false;
  absl::Time read_time;
  std::string next_cursor;
};

// Asks the source what has changed since the plan's reading. `groups` are the
// directory's as the plan leaves them. An error is the directory's.
absl::StatusOr<SourceCheck> CheckSource(const DirectoryName& directory,
                                        const store::PlanRow& plan,
                                        const std::vector<Group>& groups,
                                        DirectoryClient& client);

// Compares every row that the plan would write with what it was.
absl::StatusOr<Moves> CheckTarget(const RunName& plan,
                                  const rollcall::store::Reader& rows);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_MOVES_H_
