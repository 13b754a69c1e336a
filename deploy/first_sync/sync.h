// Runs one full sync, shows it live, and waits for its mails.
#ifndef ROLLCALL_DEPLOY_FIRST_SYNC_SYNC_H_
#define ROLLCALL_DEPLOY_FIRST_SYNC_SYNC_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "deploy/first_sync/progress.h"
#include "deploy/first_sync/report.h"
#include "deploy/first_sync/stack.h"

namespace rollcall::deploy {

// Starts a full run of the directory, or joins the one under way (R69), and
// returns once it has ended and its mails have been tried. `show` gets every
// sample. A service that restarts meanwhile is waited for.
absl::StatusOr<Report> RunFullSync(
    Stack& stack, const std::string& directory,
    const std::function<void(const Sample&)>& show);

}  // namespace rollcall::deploy

#endif  // ROLLCALL_DEPLOY_FIRST_SYNC_SYNC_H_
