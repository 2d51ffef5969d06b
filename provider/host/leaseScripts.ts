// The lease as the host's shell sees it. Time is the host's own uptime, which no clock change moves; the lock is on /run itself,
// so that no lock file stays behind.
import { leftoverFunctions } from "./leftovers";

const locked = `
dir=$1 run=$2
umask 077
exec 9</run
flock -w 10 9
read -r up idle </proc/uptime
up=\${up%%.*}
holder=$(sed -n 's/.*"run":"\\([^"]*\\)".*/\\1/p' "$dir/lease.json" 2>/dev/null || :)
hold() {
  mkdir -p "$dir"
  printf '%s' "$up" >"$dir/lease.beat"
  printf '%s\\n' "$1" >"$dir/lease.json.part"
  mv -f "$dir/lease.json.part" "$dir/lease.json"
}`;

/** $3 stale after seconds, $4 a dead run that may be replaced, $5 our lease as JSON, $6 scope of runs, $7 patience in seconds */
export const takeScript = `${leftoverFunctions}
${locked}
if [ -n "$holder" ] && [ "$holder" != "$run" ] && [ "$holder" != "$4" ]; then
  beat=$(cat "$dir/lease.beat" 2>/dev/null || :)
  age=$((up - \${beat:-0}))
  if [ "$age" -ge 0 ] && [ "$age" -lt "$3" ]; then echo "held $age"; cat "$dir/lease.json"; exit 0; fi
fi
hold "$5"
exec 9<&-
echo taken
scope=$6 lost=' ' patience=$7
settle`;

/** $3 our lease as JSON. A host that was rebooted in between has none: it is still ours. */
export const renewScript = `${locked}
if [ "$holder" = "$run" ] || [ -z "$holder" ]; then hold "$3"; echo renewed; else echo lost; fi`;

export const releaseScript = `${locked}
if [ "$holder" = "$run" ]; then
  rm -f "$dir/lease.json" "$dir/lease.beat"
  rmdir "$dir" 2>/dev/null || :
fi`;
