// The kubelet's flags as kubeadm writes them to /var/lib/kubelet/kubeadm-flags.env. Pure.

const line = /^KUBELET_KUBEADM_ARGS="?(.*?)"?\s*$/m;

/** The flags of the program put in, those it gave before and names no longer taken out, all others left. */
export function withFlags(text: string, wanted: Readonly<Record<string, string>>, before: readonly string[]): string {
  const present = (line.exec(text)?.[1] ?? "").split(/\s+/).filter((flag) => flag !== "");
  const ours = new Set([...before, ...Object.keys(wanted)]);
  const others = present.filter((flag) => !ours.has(nameOf(flag)));
  const flags = [...others, ...Object.entries(wanted).map(([name, value]) => `--${name}=${value}`)];
  return `KUBELET_KUBEADM_ARGS="${flags.join(" ")}"\n`;
}

/** Whether every flag is there with its value; the order does not matter. */
export function hasFlags(text: string, wanted: Readonly<Record<string, string>>): boolean {
  const present = new Set((line.exec(text)?.[1] ?? "").split(/\s+/));
  return Object.entries(wanted).every(([name, value]) => present.has(`--${name}=${value}`));
}

function nameOf(flag: string): string {
  return flag.replace(/^--/, "").split("=", 1)[0] ?? "";
}
