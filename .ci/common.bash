# shellcheck shell=bash
# What the scripts beside this file share. STATE names the folder of the one that reads it.

log() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  log "error: $*"
  exit 3
}

# until_ready SECONDS COMMAND…: polls until the command succeeds; fails at the deadline.
until_ready() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" </dev/null >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

# retry COMMAND…: three attempts, for mirrors that fail now and then.
retry() {
  local attempt
  for attempt in 1 2 3; do
    "$@" && return
    log "attempt $attempt failed: $*"
    sleep $((attempt * 2))
  done
  return 1
}

fetch() { retry curl --fail --silent --show-error --location --connect-timeout 20 --output "$2" "$1"; }

# --- processes ------------------------------------------------------------------------------------------------------

# start_detached NAME COMMAND…: in a session of its own with no inherited descriptor, so that nobody who waits for the
# end of this script's output waits for the daemon. Its process id is in run/NAME.pid.
start_detached() {
  local name=$1
  shift
  (
    for descriptor in "/proc/$BASHPID/fd/"*; do
      descriptor=${descriptor##*/}
      if ((descriptor > 2)); then exec {descriptor}>&-; fi
    done
    # shellcheck disable=SC2016 # expanded by the inner shell
    exec setsid bash -c 'echo $$ >"$1"; shift; exec "$@"' start "$STATE/run/$name.pid" "$@" \
      </dev/null >>"$STATE/log/$name.log" 2>&1
  ) &
  disown
}

# keep_log NAME: what a process wrote before the next of its name stays as NAME.log.1; it may say why that one has ended.
keep_log() {
  local log=$STATE/log/$1.log
  if [[ -s $log ]]; then mv "$log" "$log.1"; fi
}

# The process of run/NAME.pid, if it is still the one that was started here.
pid_of() {
  local pid
  pid=$(cat "$STATE/run/$1.pid" 2>/dev/null) && [[ -r /proc/$pid/cmdline ]] &&
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "$STATE" && echo "$pid"
}

# Stops all that a process has started as well, as long as that has made no group of its own.
stop() {
  local pid
  pid=$(pid_of "$1") || return 0
  log "stopping $1"
  kill -- "-$pid" 2>/dev/null || true
  until_ready 30 gone "$pid" || die "$1 (process $pid) does not stop"
  rm -f "$STATE/run/$1.pid"
}

# gone PID: its group has ended; start_detached makes the process the first of one.
gone() { ! kill -0 -- "-$1"; }
