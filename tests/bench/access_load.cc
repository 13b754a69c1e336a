#include "tests/bench/access_load.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "grpcpp/client_context.h"

namespace rollcall::bench {
namespace {

using reconciliation::v1::CheckAccessRequest;
using reconciliation::v1::CheckAccessResponse;
using reconciliation::v1::UserService;
using Stopwatch = std::chrono::steady_clock;

double MicrosecondsSince(Stopwatch::time_point start) {
  return std::chrono::duration<double, std::micro>(Stopwatch::now() - start)
      .count();
}

void Ask(int user, CheckAccessRequest* request) {
  request->set_parent("accounts/acme");
  request->set_username(UsernameOf(user));
}

void MustAllow(const grpc::Status& status,
               const CheckAccessResponse& response) {
  if (status.ok() && response.decision() == CheckAccessResponse::ALLOW) return;
  std::fprintf(stderr, "Not allowed. %s\n", status.error_message().c_str());
  std::_Exit(1);
}

// One call after the other, until the time is over.
class Slot {
 public:
  Slot(UserService::Stub& stub, int users, unsigned seed,
       Stopwatch::time_point end, absl::BlockingCounter& done)
      : stub_(stub), random_(seed), users_(users), end_(end), done_(done) {}

  void Next() {
    context_ = std::make_unique<grpc::ClientContext>();
    Ask(static_cast<int>(random_() % static_cast<unsigned>(users_)), &request_);
    start_ = Stopwatch::now();
    stub_.async()->CheckAccess(
        context_.get(), &request_, &response_, [this](grpc::Status status) {
          microseconds_.push_back(MicrosecondsSince(start_));
          MustAllow(status, response_);
          if (Stopwatch::now() < end_) return Next();
          done_.DecrementCount();
        });
  }
  const std::vector<double>& microseconds() const { return microseconds_; }

 private:
  UserService::Stub& stub_;
  std::minstd_rand random_;
  int users_;
  Stopwatch::time_point end_, start_;
  absl::BlockingCounter& done_;
  std::unique_ptr<grpc::ClientContext> context_;
  CheckAccessRequest request_;
  CheckAccessResponse response_;
  std::vector<double> microseconds_;
};

struct TimedCall {
  grpc::ClientContext context;
  CheckAccessRequest request;
  CheckAccessResponse response;
  double microseconds = 0;
};

}  // namespace

std::string UsernameOf(int n) { return absl::StrCat("user", n, "@bench.test"); }

double AccessTimes::Quantile(double q) const {
  if (microseconds.empty()) return 0;
  return microseconds[static_cast<size_t>(
      q * static_cast<double>(microseconds.size() - 1))];
}

void AccessTimes::Add(const AccessTimes& other) {
  microseconds.insert(microseconds.end(), other.microseconds.begin(),
                      other.microseconds.end());
  std::sort(microseconds.begin(), microseconds.end());
}

AccessTimes AskInTurn(UserService::Stub& stub, int users, int in_flight,
                      absl::Duration time) {
  const auto start = Stopwatch::now();
  const auto end = start + absl::ToChronoNanoseconds(time);
  absl::BlockingCounter done(in_flight);
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < in_flight; ++i) {
    slots.push_back(std::make_unique<Slot>(
        stub, users, static_cast<unsigned>(i) + 1, end, done));
  }
  for (const auto& slot : slots) slot->Next();
  done.Wait();
  const double seconds = MicrosecondsSince(start) / 1e6;
  AccessTimes times;
  for (const auto& slot : slots) {
    times.microseconds.insert(times.microseconds.end(),
                              slot->microseconds().begin(),
                              slot->microseconds().end());
  }
  std::sort(times.microseconds.begin(), times.microseconds.end());
  times.calls_per_second =
      static_cast<double>(times.microseconds.size()) / seconds;
  return times;
}

AccessTimes AskAtRate(UserService::Stub& stub, int users, int calls_per_second,
                      absl::Duration time) {
  const int count = static_cast<int>(absl::ToDoubleSeconds(time) *
                                     static_cast<double>(calls_per_second));
  const std::chrono::nanoseconds step =
      std::chrono::nanoseconds(1'000'000'000 / calls_per_second);
  std::minstd_rand random(11);
  std::vector<TimedCall> calls(static_cast<size_t>(count));
  absl::BlockingCounter done(count);
  auto due = Stopwatch::now();
  const auto start = due;
  for (TimedCall& call : calls) {
    Ask(static_cast<int>(random() % static_cast<unsigned>(users)),
        &call.request);
    std::this_thread::sleep_until(due);
    stub.async()->CheckAccess(&call.context, &call.request, &call.response,
                              [&call, &done, due](grpc::Status status) {
                                call.microseconds = MicrosecondsSince(due);
                                MustAllow(status, call.response);
                                done.DecrementCount();
                              });
    due += step;
  }
  done.Wait();
  AccessTimes times;
  times.calls_per_second = count / (MicrosecondsSince(start) / 1e6);
  for (const TimedCall& call : calls) {
    times.microseconds.push_back(call.microseconds);
  }
  std::sort(times.microseconds.begin(), times.microseconds.end());
  return times;
}

}  // namespace rollcall::bench
