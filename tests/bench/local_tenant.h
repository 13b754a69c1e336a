// A local Entra ID in a process of its own, so that its time and memory are not
// those of whom it serves.
#ifndef ROLLCALL_TESTS_BENCH_LOCAL_TENANT_H_
#define ROLLCALL_TESTS_BENCH_LOCAL_TENANT_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/entra/generator.h"

namespace rollcall::bench {

// What a reader must know.
struct TenantFacts {
  std::string origin, ca_file, tenant_id, client_id, client_secret;
  std::vector<std::string> group_ids;  // All of them.
};

struct ServedCounts {
  int64_t requests = 0;  // Of Graph.
  int64_t bytes = 0;     // Of bodies, as compressed.
  int64_t resource_units = 0;
};

// One thread; processes that are forked meanwhile may use it one at a time.
// Ends the program if something does not work.
class LocalTenant {
 public:
  // To be called before the first thread is made.
  static std::unique_ptr<LocalTenant> Start(
      const entra::TenantOptions& options);
  ~LocalTenant();
  LocalTenant(const LocalTenant&) = delete;
  LocalTenant& operator=(const LocalTenant&) = delete;

  const TenantFacts& facts() const { return facts_; }

  // How much longer each answer takes from now on.
  void SetLatency(int milliseconds);
  // Changes the job titles and phones of so many users.
  void ChangeUsers(int64_t count);
  // Since the start.
  ServedCounts Counts();
  // For Graph; good for an hour.
  std::string MakeToken();

 private:
  LocalTenant() = default;
  std::string Ask(const std::string& command);

  pid_t child_ = 0;
  int socket_ = -1;
  std::string folder_;
  TenantFacts facts_;
};

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_LOCAL_TENANT_H_
