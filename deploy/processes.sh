# Starts and ends processes by name, for deploy/quickstart. Sourced, not run.
#
# Each process has $run/pids/NAME with its id and its start time, so that
# nothing else is ever mistaken for it, and $run/log/NAME.log.

# The start time of process $1 in clock ticks, or nothing if there is none.
start_time_of() {
  local stat
  stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 0
  # The second field, the name, may hold anything; count after its end.
  set -- ${stat##*) }
  [[ $1 == Z ]] || echo "${20}"
}

# Prints the id of the process named $1 if it is running.
running_pid() {
  local pid started
  read -r pid started 2>/dev/null <"$run/pids/$1" || return 1
  [[ -n $started && "$(start_time_of "$pid")" == "$started" ]] || return 1
  echo "$pid"
}

# Whether anything accepts connections on port $1 of this machine.
accepts_connections() {
  (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# start_process NAME PORT COMMAND...: does nothing if it is running.
start_process() {
  local name="$1" port="$2" pid
  shift 2
  running_pid "$name" >/dev/null && return 0
  # Somebody else's process would be taken for ours later on.
  if accepts_connections "$port"; then
    echo "$name cannot start: port $port is in use by another process." >&2
    return 1
  fi
  mkdir -p "$run/pids" "$run/log"
  setsid "$@" </dev/null >>"$run/log/$name.log" 2>&1 9>&- &
  pid=$!
  disown "$pid"
  echo "$pid $(start_time_of "$pid")" >"$run/pids/$name"
}

# wait_for_port NAME PORT: until it accepts connections, or has died.
wait_for_port() {
  local name="$1" port="$2" _
  for _ in {1..600}; do
    if ! running_pid "$name" >/dev/null; then
      echo "$name has ended; the end of $run/log/$name.log:" >&2
      tail -n 5 "$run/log/$name.log" >&2
      return 1
    fi
    if accepts_connections "$port"; then return 0; fi
    sleep 0.1
  done
  echo "$name does not accept connections on port $port." >&2
  return 1
}

# lock_processes: one at a time starts what is missing; unlock_processes lets the
# next one. The lock is file descriptor 9, which no started process inherits.
lock_processes() {
  exec 9>"$run/lock"
  flock 9
}
unlock_processes() { exec 9>&-; }

# stop_processes NAME...: asks all of them to end, waits, and then insists: a
# service lets calls under way go on for 20 seconds.
stop_processes() {
  local name pid _
  for name in "$@"; do
    if pid="$(running_pid "$name")"; then kill "$pid" 2>/dev/null || true; fi
  done
  for name in "$@"; do
    for _ in {1..300}; do
      running_pid "$name" >/dev/null || break
      sleep 0.1
    done
    if pid="$(running_pid "$name")"; then
      echo "$name ($pid) does not end; killing it."
      kill -9 "$pid" 2>/dev/null || true
    fi
    rm -f "$run/pids/$name"
  done
}
