// The rows of an account as text, for tests that compare whole stores: with
// names in place of the ids that are drawn anew each time.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_ROW_TEXTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_ROW_TEXTS_H_

#include <string>
#include <vector>

#include "common/store/store.h"

namespace rollcall::reconciliation {

// In order. Without the head: how many batches it took is the one thing that
// may differ. Crashes on damage. Runs that are not named by a request go by
// their kind and time: let time pass between two of them.
std::vector<std::string> RowTexts(const rollcall::store::Reader& rows,
                                  const std::string& account);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_ROW_TEXTS_H_
