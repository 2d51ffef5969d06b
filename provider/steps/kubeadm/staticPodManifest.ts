// What a static pod's manifest says: where it answers, and which marks of ours it carries. Pure.
import { isDeepStrictEqual } from "node:util";
import { parse, parseDocument } from "yaml";

export const manifestDirectory = "/etc/kubernetes/manifests";
/** What `kubeadm init phase control-plane` writes. */
export const components = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
export const staticPods = ["etcd", ...components] as const;
export type StaticPod = (typeof staticPods)[number];

export const manifestPath = (pod: StaticPod) => `${manifestDirectory}/${pod}.yaml`;

export interface Probe {
  /** "https://10.0.0.11:6443" */
  server: string;
  path: string;
}

interface HttpGet {
  host?: string;
  path?: string;
  port: number | string;
  scheme?: string;
}

interface Container {
  ports?: { name?: string; containerPort: number }[];
  readinessProbe?: { httpGet?: HttpGet };
  livenessProbe?: { httpGet?: HttpGet };
}

/** Where the kubelet asks whether it serves; a component without a readiness probe is asked whether it lives. */
export function probeOf(manifest: string): Probe | undefined {
  const pod = parse(manifest) as { spec?: { containers?: Container[] } };
  const container = pod.spec?.containers?.[0];
  const probe = container?.readinessProbe?.httpGet ?? container?.livenessProbe?.httpGet;
  const named = container?.ports?.find(({ name }) => name === probe?.port)?.containerPort;
  const port = typeof probe?.port === "number" ? probe.port : named;
  if (!probe || port === undefined) return undefined;
  const host = probe.host ?? "127.0.0.1";
  const scheme = (probe.scheme ?? "HTTP").toLowerCase();
  return { server: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`, path: probe.path ?? "/" };
}

const ours = "pulumi-kubeadm/";

/** A mark that differs makes the kubelet start a new pod, though nothing else does. */
export function withMark(manifest: string, name: string, value: string): string {
  const document = parseDocument(manifest);
  document.setIn(["metadata", "annotations", `${ours}${name}`], value);
  return document.toString({ lineWidth: 0 });
}

/** kubeadm writes a manifest anew without the marks it had, and that alone would start a new pod. */
export function keepMarks(manifest: string, former: string): string {
  const marks = Object.entries(annotations(former)).filter(([name]) => name.startsWith(ours));
  return marks.reduce((text, [name, value]) => withMark(text, name.slice(ours.length), value), manifest);
}

export function samePod(one: string, other: string): boolean {
  return isDeepStrictEqual(parse(one), parse(other));
}

function annotations(manifest: string): Record<string, string> {
  const pod = parse(manifest) as { metadata?: { annotations?: Record<string, string> } } | null;
  return pod?.metadata?.annotations ?? {};
}
