#include "tests/system/crash/life_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace rollcall::directory {

std::unique_ptr<LifeProcess> LifeProcess::Start(
    std::vector<std::string> command) {
  // Writing to the dead is an error like others, and not the writer's end.
  signal(SIGPIPE, SIG_IGN);
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) return nullptr;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  std::unique_ptr<LifeProcess> life(new LifeProcess());
  const int error = posix_spawn(&life->process_, arguments[0], &actions,
                                nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  life->to_ = in[1];
  life->from_ = out[0];
  if (error == 0) return life;
  life->process_ = -1;
  return nullptr;
}

LifeProcess::~LifeProcess() {
  if (process_ > 0) {
    Kill();
    WasKilled();
  }
  close(to_);
  close(from_);
}

void LifeProcess::Write(absl::string_view line) {
  std::string text = absl::StrCat(line, "\n");
  for (absl::string_view rest = text; !rest.empty();) {
    const ssize_t written = write(to_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) rest.remove_prefix(static_cast<size_t>(written));
  }
}

absl::optional<std::string> LifeProcess::Read() {
  while (true) {
    const size_t end = unread_.find('\n');
    if (end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    char buffer[1 << 16];
    const ssize_t size = read(from_, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return absl::nullopt;
    unread_.append(buffer, static_cast<size_t>(size));
  }
}

void LifeProcess::Kill() {
  if (process_ > 0) kill(process_, SIGKILL);
}

bool LifeProcess::WasKilled() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace rollcall::directory
