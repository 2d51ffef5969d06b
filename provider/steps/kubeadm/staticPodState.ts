// What runs of the static pods on a host: the processes themselves, whether they answer, and which pods the kubelet wants.
import type { Host } from "../../host/host";
import type { KubeObject } from "../../host/kubeObject";
import type { Probe, StaticPod } from "./staticPodManifest";

export interface Running {
  name: StaticPod;
  pid: string;
  /** Seconds since 1970. */
  started: number;
  /** UID of its pod; of a static pod that is the digest of the manifest the kubelet read. */
  pod: string;
}

// A container's process is known by its cgroup, which names the pod. One that ends while it is looked at is none.
const script = `
boot=$(sed -n 's/^btime //p' /proc/stat)
hertz=$(getconf CLK_TCK)
for dir in /proc/[0-9]*; do
  { read -r name <"$dir/comm"; } 2>/dev/null || continue
  case $name in etcd|kube-apiserver|kube-scheduler) ;; kube-controller) name=kube-controller-manager ;; *) continue ;; esac
  pod=$(grep -o 'pod[0-9a-f]\\{32\\}' "$dir/cgroup" 2>/dev/null | head -n 1)
  ticks=$(sed 's/.*) //' "$dir/stat" 2>/dev/null | cut -d' ' -f20)
  if [ -n "$pod" ] && [ -n "$ticks" ]; then echo "$name \${dir#/proc/} $((boot + ticks / hertz)) \${pod#pod}"; fi
done
`;

export async function processes(host: Host): Promise<Running[]> {
  return parseProcesses((await host.sh(script)).stdout);
}

export function parseProcesses(text: string): Running[] {
  return text.split("\n").flatMap((line) => {
    const [name, pid, started, pod] = line.split(" ");
    return name && pid && started && pod ? [{ name: name as StaticPod, pid, started: Number(started), pod }] : [];
  });
}

const kubectl = ["kubectl", "--cache-dir", "/run/pulumi-kubeadm/kubectl", "--request-timeout", "5s"];
const admin = ["--kubeconfig", "/etc/kubernetes/admin.conf"];

/** As the kubelet's own probe asks: only the API server's certificate is one of the cluster. kubectl would ask for a name without one. */
export async function answers(host: Host, name: StaticPod, { server, path }: Probe): Promise<boolean> {
  const trust = name === "kube-apiserver" || server.startsWith("http:") ? [] : ["--insecure-skip-tls-verify"];
  const argv = [...kubectl, ...admin, ...trust, "--server", server, "get", "--raw", path];
  return (await host.run(argv, { ok: [0, 1], timeoutMs: 15_000, secretOutput: true })).code === 0;
}

/** By component, as the kubelet itself has it: the mirror in the API follows a minute later. undefined: it was not to be asked. */
export async function wantedPods(host: Host, node: string, server: string): Promise<Map<string, string> | undefined> {
  const argv = [...kubectl, ...admin, "--server", server, "get", "--raw", `/api/v1/nodes/${node}/proxy/pods`];
  const { code, stdout } = await host.run(argv, { ok: [0, 1], timeoutMs: 15_000, secretOutput: true });
  if (code !== 0) return undefined;
  const { items = [] } = JSON.parse(stdout) as { items?: KubeObject[] };
  const fromFiles = items.filter(({ metadata }) => metadata.annotations?.["kubernetes.io/config.source"] === "file");
  const suffix = `-${node}`;
  return new Map(
    fromFiles.flatMap(({ metadata: { name, annotations } }) => {
      const hash = annotations?.["kubernetes.io/config.hash"];
      return hash && name.endsWith(suffix) ? [[name.slice(0, -suffix.length), hash] as const] : [];
    }),
  );
}
