// kube-vip as a static pod on every control plane: the one that holds its Lease has the virtual address.
import { stringify } from "yaml";
import { kubeVipImage } from "./companions";
import { type FrontPlan, withPrefix } from "./front";
import type { HostFile } from "./registries";

export const kubeVipManifestPath = "/etc/kubernetes/manifests/kube-vip.yaml";

/**
 * Until the end of the first init only super-admin.conf has any right: admin.conf's group is bound by kubeadm, through the very
 * address that kube-vip brings.
 */
export type KubeVipCredentials = "super-admin.conf" | "admin.conf";

export function kubeVipManifest(plan: FrontPlan, credentials: KubeVipCredentials): HostFile {
  return { path: kubeVipManifestPath, content: stringify(pod(plan, credentials)), mode: 0o600 };
}

function pod({ front, interface: link }: FrontPlan, credentials: KubeVipCredentials): object {
  const [, prefix = ""] = withPrefix(front.address).split("/");
  const settings = {
    vip_arp: "true",
    address: front.address,
    port: String(front.port),
    vip_interface: link,
    vip_subnet: prefix,
    cp_enable: "true",
    cp_namespace: "kube-system",
    svc_enable: "false",
    vip_leaderelection: "true",
    vip_leasename: "plndr-cp-lock",
    vip_leaseduration: "5",
    vip_renewdeadline: "3",
    vip_retryperiod: "1",
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "kube-vip", namespace: "kube-system", labels: { "app.kubernetes.io/name": "kube-vip" } },
    spec: {
      hostNetwork: true,
      priorityClassName: "system-node-critical",
      // It asks for `kubernetes:6443`, a name in every API server's certificate: its own host's, never another one's.
      hostAliases: [{ hostnames: ["kubernetes"], ip: front.address.includes(":") ? "::1" : "127.0.0.1" }],
      containers: [
        {
          name: "kube-vip",
          image: front.image ?? kubeVipImage,
          imagePullPolicy: "IfNotPresent",
          args: ["manager"],
          env: [
            { name: "vip_nodename", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
            ...Object.entries(settings).map(([name, value]) => ({ name, value })),
          ],
          securityContext: { capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "NET_RAW"] } },
          volumeMounts: [{ name: "kubeconfig", mountPath: "/etc/kubernetes/admin.conf", readOnly: true }],
        },
      ],
      // Waited for: the kubelet would make a directory in its place.
      volumes: [{ name: "kubeconfig", hostPath: { path: `/etc/kubernetes/${credentials}`, type: "File" } }],
    },
  };
}
