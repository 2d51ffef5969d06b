// What a host was like before, to be compared with what it is like after a destroy.
import type { TestLab } from "./testLab";

/** What changes on a host by itself, or by installing and purging a package: logs, caches, clocks, the lab's own files. */
const volatile = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/tmp",
  "/var/tmp",
  "/var/log",
  "/var/cache",
  "/var/lib/apt",
  "/var/lib/dpkg",
  "/var/lib/systemd",
  "/root/.ssh",
  "/etc/ld.so.cache",
  "/var/lib/pam",
  "/var/lib/ucf",
  // Copies that every change of an account leaves beside the file itself.
  ...["passwd", "group", "shadow", "gshadow"].map((name) => `/etc/${name}-`),
  "/var/backups",
];

/** Values the kernel counts or makes up by itself. */
const counters = "nf_conntrack_count\\|stable_secret\\|/unix/\\|flow_limit";

const script = `
set -eu
prune=""
for path in ${volatile.join(" ")}; do prune="$prune -path $path -prune -o"; done
echo "## files"
find / -xdev $prune \\( -type f -o -type l -o -type d \\) -printf '%y %m %u:%g %p %l\\n' | sort -k 4
find /var -xdev $prune \\( -type f -o -type l -o -type d \\) -printf '%y %m %u:%g %p %l\\n' | sort -k 4
echo "## contents"
find /etc /usr/local /opt /root -xdev $prune -type f -print0 | sort -z | xargs -0 -r sha256sum
echo "## units"
systemctl list-unit-files --no-legend --no-pager | awk '{print $1, $2}' | sort
systemctl list-units --no-legend --no-pager --plain --state=active,failed --type=service,timer,socket | awk '{print $1, $3}' | grep -v '@\\|session-' | sort
echo "## sysctls"
cat /etc/sysctl.conf /etc/sysctl.d/* /usr/lib/sysctl.d/* 2>/dev/null | sha256sum
find /proc/sys/net -type f -perm -u+r | grep -v '${counters}' | sort | while read -r key; do
  echo "$key $(tr '\n' ' ' <"$key" 2>/dev/null || true)"
done
echo "## links"
ls /sys/class/net | sort
echo "## rules"
{ iptables-save 2>/dev/null || true; ip6tables-save 2>/dev/null || true; nft list ruleset 2>/dev/null || true; ip rule; ip route; } | sed 's/\\[[0-9]*:[0-9]*\\]//; /^#/d'
echo "## mounts"
awk '{print $2, $3}' /proc/self/mounts | grep -v '^/\\(proc\\|sys\\|dev\\|run/user\\)' | sort -u
echo "## users"
getent passwd; getent group
echo "## packages"
dpkg-query -W -f '\${Package} \${Version} \${Status}\\n' | sort
echo "## host"
hostname; cat /etc/hostname /etc/hosts
`;

/** sudo itself marks that an administrator has used it. */
const ownMarks = /^.*\.sudo_as_admin_successful.*\n/gm;

export type Snapshot = ReadonlyMap<string, readonly string[]>;

export async function snapshot(lab: TestLab, host: string): Promise<Snapshot> {
  const text = (await lab.sh(host, script)).replace(ownMarks, "");
  const sections = text.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const [name = "", ...lines] = section.trimEnd().split("\n");
      return [name, lines];
    }),
  );
}

/** One line for each difference: "files: + /etc/kubernetes". Empty: the host is as it was. */
export function differences(before: Snapshot, after: Snapshot): string[] {
  return [...before.keys()].flatMap((section) => {
    const old = new Set(before.get(section));
    const now = new Set(after.get(section));
    const gone = [...old].filter((line) => !now.has(line)).map((line) => `${section}: - ${line}`);
    const added = [...now].filter((line) => !old.has(line)).map((line) => `${section}: + ${line}`);
    return [...gone, ...added];
  });
}
