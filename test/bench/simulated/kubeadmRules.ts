// kubeadm and what is done around it.
import { type Asked, program, type Rule, scriptWith } from "./rule";

function observe({ host }: Asked): string {
  const claim = host.claim === "" ? [] : [`claim ${host.claim}`];
  if (!host.joined) return claim.join("\n");
  if (!host.controlPlane) return ["part /etc/kubernetes/kubelet.conf", ...claim].join("\n");
  const nodes = [...host.cluster.nodes.keys()].map((name) => `node ${name}`);
  return [...claim, "part /etc/kubernetes/admin.conf", "ready", "marker ", "uid 1", ...nodes].join("\n");
}

function join({ host }: Asked): string {
  host.joined = true;
  host.cluster.register(host.name, host.address);
  return "";
}

export const kubeadmRules: readonly Rule[] = [
  { name: "observed", matches: scriptWith("kube-apiserver.advertise-address.endpoint"), answer: observe },
  {
    name: "kubeadm token",
    ms: 100,
    matches: program("kubeadm", "token", "create"),
    answer: () => "abcdef.0123456789abcdef\n",
  },
  { name: "kubeadm init phase", ms: 200, matches: program("kubeadm", "init", "phase") },
  { name: "kubeadm init", ms: 3000, matches: program("kubeadm", "init", "--config"), answer: join },
  { name: "kubeadm join", ms: 1000, matches: program("kubeadm", "join", "--config"), answer: join },
  { name: "configuration removed", matches: program("rm", "-f") },
  { name: "approver installed", ms: 100, matches: scriptWith("place()") },
  { name: "approver run", ms: 200, matches: scriptWith("[ ! -x /usr/local"), answer: () => "" },
  { name: "certificates read", matches: scriptWith("client-certificate-data") },
  { name: "certificate looked for", matches: program("test", "-s") },
];
