// Files by standard input: beside the target, checked, renamed. What a killed run left beside it is removed.

/** Where a file is while it is not complete; also the pattern of what an earlier try may have left. */
const beside = ".pulumi-kubeadm-part";
/** Exit code of our own scripts for "there is no such file". */
export const absent = 44;
/** Exit code of our own scripts for "what arrived is not what was sent". */
export const incomplete = 45;

export const readScript = `
if [ -e "$1" ]; then exec cat -- "$1"; else exit ${absent}; fi`;

/**
 * mv of a file that is a mount of its own (/etc/hosts in a container) is refused by the kernel, so that one is
 * written in place.
 */
const putInPlace = `
put() {
  if cut -d ' ' -f 5 /proc/self/mountinfo | grep -qxF -- "$2"; then
    cat -- "$1" >"$2"; chmod "$3" "$2"; rm -f -- "$1"
  else
    mv -fT -- "$1" "$2"
  fi
}`;

const receive = `
path=$1 mode=$2
umask 077
mkdir -p -m 0755 -- "$(dirname -- "$path")"
rm -f -- "$path"${beside}.*
part=$(mktemp -- "$path"${beside}.XXXXXX)
trap 'rm -f -- "$part"' EXIT
trap 'exit 143' TERM HUP INT
cat >"$part"`;

/** $1 path, $2 mode, $3 number of bytes. A broken connection ends the input early: only the size tells. */
export const writeScript = `
${putInPlace}
${receive}
if [ "$(stat -c %s -- "$part")" != "$3" ]; then exit ${incomplete}; fi
if [ -f "$path" ] && [ ! -L "$path" ] && cmp -s -- "$part" "$path" && [ "$(stat -c %a -- "$path")" = "$mode" ]; then
  echo same
else
  chmod "$mode" -- "$part"
  sync -- "$part"
  put "$part" "$path" "$mode"
  echo written
fi`;

/** $1 path, $2 mode, $3 digest. Says "same" when nothing has to be sent. */
export const lookScript = `
if [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$3  -" ]; then
  if [ "$(stat -c %a -- "$1")" != "$2" ]; then chmod "$2" -- "$1"; fi
  echo same
else
  echo different
fi`;

/** $1 path, $2 mode, $3 digest. */
export const uploadScript = `
${putInPlace}
${receive}
if [ "$(sha256sum <"$part")" != "$3  -" ]; then exit ${incomplete}; fi
chmod "$mode" -- "$part"
put "$part" "$path" "$mode"`;

export function octal(mode: number): string {
  return mode.toString(8);
}
