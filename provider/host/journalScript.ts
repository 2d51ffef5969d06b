// The shell's half of the journal: what a script on the host calls before it changes a file.

export const journalDirectory = "/var/lib/pulumi-kubeadm";

/**
 * `keep PATH` writes down what is at PATH, once; `put STAGED PATH MODE` keeps and then replaces it in one rename.
 * Paths come from us and hold neither blanks nor quotes, so that they are JSON as they are.
 */
export const journalLibrary = `
state=${journalDirectory}
journal=$state/journal.jsonl
persist() { sync -d "$journal" 2>/dev/null || sync; }
note() { printf '%s\\n' "$1" >>"$journal"; }
keep_directory() {
  [ ! -e "$1" ] || return 0
  keep_directory "$(dirname "$1")"
  note '{"kind":"directory","path":"'"$1"'"}'
  persist
  mkdir -m 755 "$1"
}
keep() {
  if grep -qF '"kind":"file","path":"'"$1"'"' "$journal"; then keep_directory "$(dirname "$1")"; return 0; fi
  if [ -e "$1" ] || [ -L "$1" ]; then
    number=$(($(ls "$state/backup" | wc -l) + 1))
    cp -a "$1" "$state/backup/$number"
    note '{"kind":"file","path":"'"$1"'","backup":"'"$number"'"}'
  else
    keep_directory "$(dirname "$1")"
    note '{"kind":"file","path":"'"$1"'"}'
  fi
}
put() {
  keep "$2"
  chown 0:0 "$1"
  chmod "$3" "$1"
  mv -f "$1" "$2.pulumi-kubeadm"
  mv -fT "$2.pulumi-kubeadm" "$2"
}
keep_unit() {
  grep -qF '"kind":"unit","unit":"'"$1"'"' "$journal" && return 0
  enabled=false active=false
  case "$(systemctl is-enabled "$1" 2>/dev/null)" in enabled|enabled-runtime) enabled=true ;; esac
  systemctl is-active --quiet "$1" && active=true
  note '{"kind":"unit","unit":"'"$1"'","enabled":'$enabled',"active":'$active'}'
  persist
}
`;
