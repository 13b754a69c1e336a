// The files that prove who a process is, and whom it trusts.
#ifndef ROLLCALL_COMMON_RPC_TLS_H_
#define ROLLCALL_COMMON_RPC_TLS_H_

#include <string>

#include "absl/status/statusor.h"

namespace rollcall::rpc {

// PEM files. They are read again while the process runs (every few seconds), so
// certificates can be replaced without a restart: swap certificate and key
// together, by renaming a directory or a link.
struct TlsFiles {
  std::string ca_file;  // The authorities whose certificates are accepted.
  std::string certificate_file;  // This process's certificate chain, with one
                                 // SPIFFE id.
  std::string key_file;
};

// How often the files are read again.
inline constexpr unsigned kTlsRefreshSeconds = 2;

// Checks the files as the other side of a handshake would: the key belongs to
// the certificate, the chain leads to an authority of `ca_file`, it is valid
// today, and it carries exactly one URI, a SPIFFE id, which is returned.
// FAILED_PRECONDITION, reason TLS_FILES_INVALID, with the file and what is
// wrong with it.
absl::StatusOr<std::string> CheckTlsFiles(const TlsFiles& files);

// Makes TLS 1.3 the only version that gRPC negotiates in this process. Has an
// effect only before the first credentials are made; called wherever this
// library makes them.
void RequireTls13();

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_TLS_H_
