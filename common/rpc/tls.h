// The files that prove who a process is, and whom it trusts.
#ifndef ROLLCALL_COMMON_RPC_TLS_H_
#define ROLLCALL_COMMON_RPC_TLS_H_

#include <string>

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

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_TLS_H_
