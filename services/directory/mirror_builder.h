// Makes a directory's mirror from nothing: reads everything into a generation
// beside the present one, follows what changed meanwhile, compares, and
// switches over in one batch.
//
// Links are taken before the reading begins, so nothing that changes meanwhile
// is missed; they are kept only with the rows that they belong to. Until the
// switch, the mirror is the old one; a crash leaves a dead generation.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_BUILDER_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_BUILDER_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/clock.h"
#include "services/directory/full_read.h"
#include "services/directory/graph_client.h"
#include "services/directory/link_vault.h"
#include "services/directory/read_store.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Thread-safe; one mirror at a time of each directory, which is the caller's to
// see to.
class MirrorBuilder {
 public:
  // All must outlive the builder.
  MirrorBuilder(rollcall::store::Store& store, const LinkVault& vault,
                Clock& clock, FullReadOptions options)
      : store_(store),
        reads_(store),
        vault_(vault),
        clock_(clock),
        options_(options) {}

  // `read_id` will name the read. Errors as those of FullRead and
  // CheckTenant.
  absl::Status Build(
      const DirectoryName& name, const store::StoredDirectory& directory,
      const std::string& read_id, GraphSession& graph,
      const std::function<void(const FullReadProgress&)>& report);

 private:
  absl::Status Fill(ReadWriter& writer, GraphSession& graph,
                    const std::function<void(const FullReadProgress&)>& report);

  rollcall::store::Store& store_;
  ReadStore reads_;
  const LinkVault& vault_;
  Clock& clock_;
  const FullReadOptions options_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_BUILDER_H_
