import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cached, keyOf } from "./cache";
import { run } from "./run";
import { projectDir, versions } from "./versions";

/** What a lab host has beyond Debian's minimum: a server one can log into, nothing of Kubernetes or containers. */
const hostPackages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "sudo",
  "iproute2",
  "ca-certificates",
  "procps",
];

/** What kubelet, kube-proxy and kubeadm need from the distribution. */
const kubernetesPackages = [
  "conntrack",
  "socat",
  "ethtool",
  "iptables",
  "nftables",
  "ebtables",
  "ipset",
  "kmod",
  "openssl",
];

/** What holds the API's virtual address on control planes. */
const frontPackages = ["keepalived", "haproxy"];

/** What kube-proxy and flannel call in their images. */
const networkTools = ["iptables", "nftables", "conntrack", "ipset", "kmod", "busybox-static"];

const leaveOut = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"];

/** Units that wait for hardware, a console or the internet, none of which a lab host has. */
const maskedUnits = [
  "getty.target",
  "console-getty.service",
  "systemd-remount-fs.service",
  "dev-hugepages.mount",
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
];

/**
 * `rootfs.tar`, a Debian host as the lab installs it, and `debs/`, the packages Kubernetes needs that such a host lacks,
 * with all they depend on.
 */
export function debianHost(): Promise<string> {
  const recipe = hostHooks("@");
  const key = keyOf(versions.test.debian, hostPackages, kubernetesPackages, leaveOut, maskedUnits, recipe);
  return cached(`debian-host-${key}`, async (dir) => {
    await mkdir(join(dir, "debs"));
    const hooks = hostHooks(join(dir, "debs")).map((hook) => `--customize-hook=${hook}`);
    await mmdebstrap("minbase", hostPackages, join(dir, "rootfs.tar"), hooks);
  });
}

/** `debs/`: what a control plane with a virtual address gets on such a host, with all it depends on. */
export function frontDebs(): Promise<string> {
  const key = keyOf(versions.test.debian, hostPackages, frontPackages, downloadHooks(frontPackages, "@"));
  return cached(`front-debs-${key}`, async (dir) => {
    await mkdir(join(dir, "debs"));
    const options = downloadHooks(frontPackages, join(dir, "debs")).map((hook) => `--customize-hook=${hook}`);
    await mmdebstrap("minbase", hostPackages, "/dev/null", options);
  });
}

/** A tar of the network tools and their libraries, without a package manager: the base of an image. */
export function networkToolsSlice(): Promise<string> {
  const hooks = [
    `for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
       ln -sf xtables-nft-multi "$1/usr/sbin/$name"; done`,
    // Flannel's manifest calls cp in its image.
    'for name in cp sh ls cat; do [ -e "$1/bin/$name" ] || ln -s busybox "$1/bin/$name"; done',
    'rm -rf "$1"/var/lib/apt "$1"/var/cache "$1"/var/lib/dpkg "$1"/usr/lib/x86_64-linux-gnu/gconv "$1"/usr/share/perl*',
  ];
  return cached(`network-tools-${keyOf(versions.test.debian, networkTools, leaveOut, hooks)}`, async (dir) => {
    await extract(networkTools, join(dir, "slice.tar"), hooks);
  });
}

/** A static program that Debian has ready: busybox has cp. */
export function debianBinaries(): Promise<string> {
  return cached(`debian-binaries-${keyOf(versions.test.debian, "2")}`, async (dir) => {
    const hook = `cp "$1/bin/busybox" '${dir}'/`;
    await extract(["busybox-static"], "/dev/null", [hook]);
  });
}

/** Unpacks packages and what they depend on; this kind of system ends before the customize hooks. */
function extract(packages: readonly string[], target: string, hooks: readonly string[]): Promise<void> {
  const options = hooks.map((hook) => `--extract-hook=${hook}`);
  return mmdebstrap("extract", packages, target, options);
}

/** Packages that the new system lacks, with what they depend on, into a directory. */
function downloadHooks(packages: readonly string[], debs: string): string[] {
  return [
    'rm -f "$1"/var/cache/apt/archives/*.deb',
    // APT's own configuration for the new system, given by mmdebstrap, knows what is already in it.
    `APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --download-only --no-install-recommends install ${packages.join(" ")}`,
    // APT puts the version's epoch into its file names, as "1%3a"; Debian's own archive leaves it out.
    `for deb in "$1"/var/cache/apt/archives/*.deb; do
       name=$(basename "$deb"); cp "$deb" '${debs}'/"$(echo "$name" | sed 's/_[0-9]*%3a/_/')"; done`,
  ];
}

function hostHooks(debs: string): string[] {
  return [
    ...downloadHooks(kubernetesPackages, debs),
    'rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/hostname "$1"/etc/resolv.conf && : >"$1/etc/machine-id"',
    `chroot "$1" systemctl mask ${maskedUnits.join(" ")}`,
  ];
}

async function mmdebstrap(variant: string, packages: readonly string[], target: string, options: readonly string[]) {
  await run([
    "mmdebstrap",
    `--variant=${variant}`,
    `--include=${packages.join(",")}`,
    ...leaveOut.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...options,
    versions.test.debian.suite,
    target,
  ]);
}

export const hostFilesDir = join(projectDir, "test", "lab", "host");
