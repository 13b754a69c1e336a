// Carries the POST requests of change notifications to whoever subscribed.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_COURIER_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_COURIER_H_

#include <functional>
#include <string>

#include "absl/time/time.h"

namespace rollcall::entra {

struct Letter {
  std::string url;
  std::string content_type;
  std::string body;
  absl::Duration timeout;
};

struct Receipt {
  int status = 0;  // 0: not reached, or not in time
  std::string content_type;
  std::string body;
  absl::Duration took;
};

// Called by several threads at once.
using Courier = std::function<Receipt(const Letter& letter)>;

// Over HTTPS, trusting this CA; a receiver at localhost may do without TLS.
Courier HttpCourier(std::string ca_file);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_COURIER_H_
