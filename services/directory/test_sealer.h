// For tests: a key that seals links.
#ifndef ROLLCALL_SERVICES_DIRECTORY_TEST_SEALER_H_
#define ROLLCALL_SERVICES_DIRECTORY_TEST_SEALER_H_

#include "common/crypto/sealer.h"

namespace rollcall::directory {

// The same one all the time.
inline const Sealer& TestSealer() {
  static const auto& sealer =
      *new Sealer(*Sealer::FromText(Sealer::GenerateKeyFile()));
  return sealer;
}

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_TEST_SEALER_H_
