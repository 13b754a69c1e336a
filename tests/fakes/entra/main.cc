// A local Entra ID as a program: starts, says where, and serves until it is
// told to end by SIGTERM or SIGINT.

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/json_writer.h"

ABSL_FLAG(std::string, host, "localhost", "Name in links and certificate.");
ABSL_FLAG(int, port, 0, "HTTPS port of login and Graph; 0: any free one.");
ABSL_FLAG(int, control_port, 0, "Control API at 127.0.0.1; 0: any free one.");
ABSL_FLAG(int64_t, users, 1000, "Users of the tenant.");
ABSL_FLAG(int64_t, groups, 50, "Groups of the tenant.");
ABSL_FLAG(uint64_t, seed, 1, "What the tenant is made of.");
ABSL_FLAG(int, depth, 3, "Levels of groups below Engineering.");
ABSL_FLAG(bool, cycles, true, "Whether groups contain each other.");
ABSL_FLAG(std::string, ca_directory, ".", "Where ca.pem is written.");
ABSL_FLAG(std::string, tenant_id, "", "A GUID; made from the seed if empty.");
ABSL_FLAG(std::string, client_id, "", "A GUID; made from the seed if empty.");
ABSL_FLAG(std::string, client_secret, "", "Made from the seed if empty.");
ABSL_FLAG(std::string, client_secret_file, "",
          "A file with the secret, instead of --client_secret.");
ABSL_FLAG(std::string, client_certificate_file, "",
          "PEM: a certificate that the application may sign with.");
ABSL_FLAG(bool, require_consent, false,
          "Whether an administrator has to consent first.");
ABSL_FLAG(std::string, consent_file, "",
          "Where consent is kept; without, it ends with the program.");
ABSL_FLAG(std::string, ready_file, "", "Written as JSON when it listens.");

namespace rollcall::entra {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("Cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

absl::StatusOr<EmulatorOptions> OptionsFromFlags() {
  EmulatorOptions options{
      .host = absl::GetFlag(FLAGS_host),
      .port = absl::GetFlag(FLAGS_port),
      .control_port = absl::GetFlag(FLAGS_control_port),
      .tenant_id = absl::GetFlag(FLAGS_tenant_id),
      .client_id = absl::GetFlag(FLAGS_client_id),
      .client_secret = absl::GetFlag(FLAGS_client_secret),
      .require_consent = absl::GetFlag(FLAGS_require_consent),
      .consent_file = absl::GetFlag(FLAGS_consent_file),
      .ca_directory = absl::GetFlag(FLAGS_ca_directory),
      .tenant = {.users = absl::GetFlag(FLAGS_users),
                 .groups = absl::GetFlag(FLAGS_groups),
                 .seed = absl::GetFlag(FLAGS_seed),
                 .depth = absl::GetFlag(FLAGS_depth),
                 .cycles = absl::GetFlag(FLAGS_cycles)}};
  if (const std::string path = absl::GetFlag(FLAGS_client_secret_file);
      !path.empty()) {
    const absl::StatusOr<std::string> secret = ReadFile(path);
    if (!secret.ok()) return secret.status();
    options.client_secret = std::string(absl::StripAsciiWhitespace(*secret));
  }
  if (const std::string path = absl::GetFlag(FLAGS_client_certificate_file);
      !path.empty()) {
    const absl::StatusOr<std::string> pem = ReadFile(path);
    if (!pem.ok()) return pem.status();
    options.client_certificates.push_back(*pem);
  }
  return options;
}

std::string Describe(const Emulator& emulator) {
  std::string text;
  JsonWriter(text)
      .BeginObject()
      .Member("origin", emulator.origin())
      .Member("control_origin", emulator.control_origin())
      .Member("ca_file", emulator.ca_file())
      .Member("tenant_id", emulator.tenant_id())
      .Member("client_id", emulator.client_id())
      .Key("pid")
      .Int(getpid())
      .EndObject();
  return text;
}

// Whoever waits for the file sees all of it or nothing.
bool WriteAtomically(const std::string& path, const std::string& text) {
  const std::string temporary = absl::StrCat(path, ".", getpid());
  std::ofstream file(temporary, std::ios::trunc);
  file << text << "\n";
  file.close();
  return file && std::rename(temporary.c_str(), path.c_str()) == 0;
}

int Run() {
  // Before the first thread, so that all of them leave the signals to sigwait.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  absl::StatusOr<EmulatorOptions> options = OptionsFromFlags();
  if (!options.ok()) {
    std::cerr << options.status().message() << "\n";
    return 1;
  }
  const auto emulator = Emulator::Start(*std::move(options));
  if (!emulator.ok()) {
    std::cerr << emulator.status().message() << "\n";
    return 1;
  }
  const std::string description = Describe(**emulator);
  std::cout << description << std::endl;
  const std::string ready_file = absl::GetFlag(FLAGS_ready_file);
  if (!ready_file.empty() && !WriteAtomically(ready_file, description)) {
    std::cerr << "Cannot write " << ready_file << "\n";
    return 1;
  }
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

}  // namespace
}  // namespace rollcall::entra

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("A local Entra ID with a generated tenant.");
  absl::ParseCommandLine(argc, argv);
  return rollcall::entra::Run();
}
