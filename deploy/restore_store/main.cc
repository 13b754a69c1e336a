// Makes a store of a checkpoint (common/store/restore.h), while the service
// that owns it does not run.
#include <sys/stat.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/store/restore.h"
#include "common/time/clock.h"

ABSL_FLAG(std::string, checkpoint, "",
          "The checkpoint: a folder below <store>.checkpoints, or a copy of "
          "one.");
ABSL_FLAG(std::string, store, "",
          "Where the store is to be: the --data_directory of its service.");
ABSL_FLAG(bool, replace, false,
          "Move a store that is there aside, to <store>.replaced-<time>; "
          "nothing of it is deleted.");

namespace {

constexpr int kUsageError = 64;  // sysexits.h

int Main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "restore_store --checkpoint=DIR --store=DIR [--replace]: makes a store "
      "of a verified checkpoint, with a new incarnation. Run it as the user of "
      "the service, and while the service does not run.");
  const bool has_extra = absl::ParseCommandLine(argc, argv).size() > 1;
  const std::string checkpoint = absl::GetFlag(FLAGS_checkpoint);
  const std::string store = absl::GetFlag(FLAGS_store);
  if (has_extra || checkpoint.empty() || store.empty()) {
    std::cerr << "restore_store --checkpoint=DIR --store=DIR [--replace]\n";
    return kUsageError;
  }
  // It holds people and sealed secrets.
  umask(S_IRWXG | S_IRWXO);
  const auto restored = rollcall::store::RestoreStore(
      {.checkpoint = checkpoint,
       .store = store,
       .replace = absl::GetFlag(FLAGS_replace),
       .now = rollcall::Clock::GetRealClock().TimeNow()});
  if (!restored.ok()) {
    std::cerr << "restore_store: " << restored.status().message() << "\n";
    return EXIT_FAILURE;
  }
  std::cout << "The store of " << restored->owner << " at " << store << " has "
            << restored->rows << " rows of the checkpoint and incarnation "
            << restored->incarnation << ".\n";
  if (!restored->replaced.empty()) {
    std::cout << "The one that was there is at " << restored->replaced << ".\n";
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) { return Main(argc, argv); }
