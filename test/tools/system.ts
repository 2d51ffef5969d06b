import { onPath, run, say } from "./run";
import { origin } from "./upstream";

/** Programs of the system that setup and the lab call, and the Debian package each is in. */
const needed: Readonly<Record<string, string>> = {
  podman: "podman",
  runc: "runc",
  conmon: "conmon",
  netavark: "netavark",
  iptables: "iptables",
  newuidmap: "uidmap",
  mmdebstrap: "mmdebstrap",
  zstd: "zstd",
  flock: "util-linux",
  openssl: "openssl",
  "ssh-keygen": "openssh-client",
  "/usr/sbin/sshd": "openssh-server",
  gcc: "gcc",
  // What a device has; the node agent is tested with nothing else.
  busybox: "busybox-static",
};

/** Installs what is missing, where the system is Debian's kind and this is root; else says what is missing. */
export async function installSystemPackages(): Promise<void> {
  const wanted: Record<string, string> = { ...needed };
  if ((await origin()) === "upstream") wanted.skopeo = "skopeo";
  const missing: string[] = [];
  for (const [program, name] of Object.entries(wanted)) if (!(await isThere(program))) missing.push(name);
  if (!(await hasLibseccomp())) missing.push("libc6-dev", "libseccomp-dev");
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !(await onPath("apt-get"))) {
    throw new Error(
      `these packages are missing and only root on Debian or Ubuntu gets them here: ${missing.join(" ")}`,
    );
  }
  say(`[setup] installing ${missing.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run(["apt-get", "update"], { env });
  await run(["apt-get", "install", "--yes", "--no-install-recommends", ...missing], { env });
}

async function isThere(program: string): Promise<boolean> {
  if (await onPath(program)) return true;
  const { code } = await run(["test", "-x", `/usr/lib/podman/${program}`], { accept: [0, 1] });
  return code === 0;
}

/** Runc's own build links it in. */
async function hasLibseccomp(): Promise<boolean> {
  const { code } = await run(["sh", "-c", "ls /usr/lib/*/libseccomp.a /usr/include/seccomp.h"], { accept: [0, 2] });
  return code === 0;
}
