// Asks a server who may authenticate, as hard as it can or at a given rate, and
// tells how long the answers took.
#ifndef ROLLCALL_TESTS_BENCH_ACCESS_LOAD_H_
#define ROLLCALL_TESTS_BENCH_ACCESS_LOAD_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"

namespace rollcall::bench {

// The users of the account `acme` are `user0@bench.test` and so on.
std::string UsernameOf(int n);

struct AccessTimes {
  double calls_per_second = 0;
  std::vector<double> microseconds;  // In order.

  double Quantile(double q) const;
  void Add(const AccessTimes& other);
};

// So many calls at any time, for this long. Ends the process at an answer that
// is not ALLOW.
AccessTimes AskInTurn(reconciliation::v1::UserService::Stub& stub, int users,
                      int in_flight, absl::Duration time);

// So many calls per second, whether or not the earlier ones are answered; a
// call's time begins when it is due, not when it is sent.
AccessTimes AskAtRate(reconciliation::v1::UserService::Stub& stub, int users,
                      int calls_per_second, absl::Duration time);

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_ACCESS_LOAD_H_
