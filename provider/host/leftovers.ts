// What a killed run left running on a host. A later run ends it, or awaits what must not be ended, before it changes anything.
import { LockedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { runVariable, sharedVariable, stepVariable, waitVariable } from "../ssh/run";

/**
 * Functions for a script that has set `run` (ours), `scope`, `lost` (our own lost steps, " 3 7 ") and `patience` (seconds).
 * One grep looks at all processes; only what it finds is looked at closely. Processes of another PID namespace are a
 * container's or another machine's. A group is ended whole when its leader is ours or gone, so that nothing which
 * dropped its environment stays. Of what must finish, the `timeout` in front of it is awaited: a daemon that a
 * package started keeps the mark for ever.
 */
export const leftoverFunctions = `
marks() {
  { tr '\\0' '\\n' <"/proc/$1/environ"; } 2>/dev/null || :
}
marked() {
  here=$(readlink /proc/self/ns/pid)
  for file in $(grep -lszE "^${runVariable}=$scope" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}; pid=\${pid%/environ}
    [ "$(readlink "/proc/$pid/ns/pid" 2>/dev/null)" = "$here" ] || continue
    of= step= shared= kind=end
    while IFS='=' read -r key value; do
      case $key in
        ${runVariable}) of=$value ;;
        ${stepVariable}) step=$value ;;
        ${sharedVariable}) shared=1 ;;
        ${waitVariable}) kind=wait ;;
      esac
    done <<END
$(marks "$pid")
END
    if [ -z "$of" ]; then continue; fi
    if [ "$of" = "$run" ]; then
      case "$lost" in *" $step "*) ;; *) continue ;; esac
    elif [ -n "$shared" ]; then
      continue
    fi
    stat=$(cat "/proc/$pid/stat" 2>/dev/null) || continue
    set -- \${stat##*) }
    if [ "$1" = Z ]; then continue; fi
    echo "$kind $pid $3 $(cat "/proc/$pid/comm" 2>/dev/null)"
  done
}
awaited() {
  marked | while read -r kind pid group name; do
    if [ "$kind $name" = "wait timeout" ] && [ "$pid" = "$group" ]; then
      { tr '\\0' ' ' <"/proc/$pid/cmdline"; echo; } 2>/dev/null | cut -c 1-120
    fi
  done
}
ending() {
  marked | sed -n 's/^end //p'
}
signal() {
  ending | while read -r pid group name; do
    if [ ! -d "/proc/$group" ] || marks "$group" | grep -q '^${runVariable}='; then kill -"$1" -- "-$group" 2>/dev/null || :; fi
    kill -"$1" "$pid" 2>/dev/null || :
  done
}
settle() {
  while what=$(awaited) && [ -n "$what" ]; do
    if [ "$patience" -le 0 ]; then echo "stuck $what"; return 0; fi
    echo "waiting $what" | head -n 1
    sleep 1
    patience=$((patience - 1))
  done
  for name in TERM KILL; do
    if [ -z "$(ending)" ]; then break; fi
    echo "ending $(ending | cut -d ' ' -f 3 | tr '\\n' ' ')"
    signal $name
    tries=25
    while [ $tries -gt 0 ] && [ -n "$(ending)" ]; do sleep 0.2; tries=$((tries - 1)); done
  done
  left=$(ending)
  if [ -n "$left" ]; then echo "stuck $left"; fi
}`;

/** $1 our run, $2 scope, $3 our lost steps, $4 seconds to wait: for a command of our own whose connection broke. */
export const settleScript = `${leftoverFunctions}
run=$1 scope=$2 lost=" $3 " patience=$4
settle`;

/** Tells what the script said as it runs. */
export function tellLeftovers(label: string, progress: Progress): (line: string) => void {
  return (line) => {
    if (line.startsWith("waiting ")) progress.say(`waiting on ${label} for what an earlier run left: ${line.slice(8)}`);
    if (line.startsWith("ending ")) progress.say(`ending on ${label} what an earlier run left: ${line.slice(7)}`);
  };
}

/** Throws when something of an earlier run could not be ended. */
export function refuseStuck(label: string, output: string): void {
  const stuck = output.split("\n").find((line) => line.startsWith("stuck "));
  if (stuck === undefined) return;
  throw new LockedError(
    `${label}: something that an earlier run started still runs and does not end: ${stuck.slice(6)}`,
    "look at it on the machine, end it, then run again",
  );
}
