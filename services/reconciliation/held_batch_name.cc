#include "services/reconciliation/held_batch_name.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall::reconciliation {
namespace {

constexpr absl::string_view kCollection = "/heldBatches/";

}  // namespace

absl::StatusOr<HeldBatchName> HeldBatchName::Parse(absl::string_view name) {
  const size_t at = name.rfind(kCollection);
  if (at != absl::string_view::npos) {
    const absl::string_view id = name.substr(at + kCollection.size());
    auto directory = DirectoryName::Parse(name.substr(0, at));
    if (directory.ok() && IsValidId(id)) {
      return HeldBatchName{*std::move(directory), std::string(id)};
    }
  }
  return InvalidArgument(
      "NAME_INVALID",
      "The name must be "
      "accounts/{account}/directories/{directory}/heldBatches/{batch}.",
      {{"field", "name"}});
}

std::string HeldBatchName::ToString() const {
  return absl::StrCat(directory.ToString(), kCollection, id);
}

}  // namespace rollcall::reconciliation
