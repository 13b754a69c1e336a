// Finds the first difference between what the model says and what the service
// does.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_COMPARISON_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_COMPARISON_H_

#include <string>
#include <vector>

#include "tests/system/model/outcome.h"

namespace rollcall::model {

// All answer with a sentence; empty: no difference.
std::string CompareLines(const std::vector<std::string>& model,
                         const std::vector<std::string>& service);

// Those of each user and each group, in their order.
std::string CompareEvents(const std::vector<Event>& model,
                          const std::vector<Event>& service);

std::string CompareRuns(const RunResult& model, const RunResult& service,
                        bool begun_twice);

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_COMPARISON_H_
