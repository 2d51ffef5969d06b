// What is done on the host for a backup, in three goes: the snapshot and its check, the archive and its check, the new place.
import { etcdLibrary } from "../etcd/client";
import {
  archiveFile,
  backupGlob,
  backupsDirectory,
  clusterConfigurationFile,
  etcdManifest,
  infoFile,
  pkiDirectory,
  snapshotFile,
} from "./layout";

/** Exit code: the host's disk is too full. */
export const noRoom = 70;

/**
 * $1: bytes of etcd's database, $2: the node. The snapshot ends with the SHA-256 of itself, which etcdutl's status does not look at; status reads
 * every page of the database.
 */
export const snapshotScript = `${etcdLibrary}
umask 077
home=${backupsDirectory}
mkdir -p "$home"
chmod 700 "$home"
find "$home" -mindepth 1 -maxdepth 1 -name '.new-*' -mmin +60 -exec rm -rf {} +
# The snapshot and the archive with it are there at the same time.
wanted=$(($1 / 1024 * 2 + 65536))
free=$(df -Pk "$home" | awk 'NR == 2 { print $4 }')
if [ "$free" -lt "$wanted" ]; then
  echo "$home has $((free / 1024)) MiB left, $((wanted / 1024)) MiB are needed" >&2
  exit ${noRoom}
fi
new=$(mktemp -d "$home/.new-XXXXXX")
trap 'code=$?; [ $code -eq 0 ] || rm -rf "$new"' EXIT
etcdctl=$(etcd_program "$2" etcdctl)
etcdutl=$(etcd_program "$2" etcdutl)
shot=$new/${snapshotFile}
etcdctl_from "$etcdctl" snapshot save "$shot" >"$new/said" 2>&1 || { tail -n 3 "$new/said" >&2; exit 1; }
rm -f "$new/said"
end=$(tail -c 32 "$shot" | od -An -v -tx1 | tr -d ' \\n')
sum=$(head -c -32 "$shot" | sha256sum | cut -d' ' -f1)
[ "$end" = "$sum" ] || { echo "the snapshot is damaged: its digest is not the one it ends with" >&2; exit 1; }
status=$("$etcdutl" snapshot status "$shot" -w json)
echo "$new"
date -u +%Y%m%dT%H%M%SZ
printf '%s\\n' "$status"
`;

/** $1: the directory; further arguments: files to take along. The archive's copy of the snapshot is compared with the checked one. */
export const packScript = `
umask 077
cd "$1"; shift
archive=${archiveFile}
for file in "$@"; do
  [ -f "$file" ] || { echo "$file, which the API server reads, is not there" >&2; exit 1; }
  set -- "$@" "\${file#/}"; shift
done
tar -cf "$archive" --numeric-owner ${snapshotFile} ${infoFile} ${clusterConfigurationFile} -C / ${pkiDirectory.slice(1)} ${etcdManifest.slice(1)} "$@"
one=$(sha256sum <${snapshotFile})
two=$(tar -xOf "$archive" ${snapshotFile} | sha256sum)
[ "$one" = "$two" ] || { echo "the archive is damaged: the snapshot in it is another one" >&2; exit 1; }
rm -f ${snapshotFile} ${clusterConfigurationFile}
sync "$archive" 2>/dev/null || sync
echo "$(sha256sum <"$archive" | cut -d' ' -f1) $(stat -c %s "$archive")"
`;

/** $1: the directory, $2: its name from now on, $3: how many are kept. One whose archive is not whole does not count. */
export const sealScript = `
home=${backupsDirectory}
rm -rf "$home/$2"
mv -T "$1" "$home/$2"
kept=0
for backup in $(ls -1dr "$home"/${backupGlob}); do
  size=$(stat -c %s "$backup/${archiveFile}" 2>/dev/null || echo none)
  if grep -q "\\"size\\": $size\\$" "$backup/${infoFile}" 2>/dev/null && [ $kept -lt "$3" ]; then
    kept=$((kept + 1))
  else
    rm -rf "$backup"
  fi
done
[ $kept -gt 0 ]
`;
