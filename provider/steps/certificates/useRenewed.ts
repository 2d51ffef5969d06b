// Whoever holds a former certificate is started anew; the proof is what is served and when the processes began.
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import { sha256 } from "../../lib/sha256";
import type { NodeContext, NodePlan } from "../kubeadm/context";
import { withMark } from "../kubeadm/staticPodManifest";
import { changeStaticPods } from "../kubeadm/staticPods";
import type { Step } from "../step";
import { etcdCertificate, type Held, heldCertificates, servingCertificate, staleReaders } from "./held";
import { awaitServed } from "./served";

export const useRenewed: Step<NodeContext> = {
  title: "start what holds former certificates",
  run: async ({ host, plan, progress }) => {
    const timeoutMs = deadline(plan.timeouts, "ready");
    const held = await heldCertificates(host);
    const stale = await staleReaders(host, held);
    const mark = digest(held);
    await changeStaticPods({ host, node: plan.name, timeoutMs, progress }, (former) => {
      const marked = stale.map((pod) => [pod, withMark(former.get(pod) ?? "", "certificates", mark)] as const);
      return new Map([...former, ...marked]);
    });
    const left = await staleReaders(host, held);
    if (left.length > 0) throw new UserError(`${host.label}: ${left.join(", ")} still runs with former certificates`);
    for (const { path, what, port } of servers) {
      const serial = held.find((one) => one.path === path)?.certificate.serialNumber;
      const server = `${addressOf(plan)}:${port}`;
      if (serial !== undefined) await awaitServed(host, { server, what, serial }, timeoutMs);
    }
  },
};

const servers = [
  { path: servingCertificate, what: "the API server", port: 6443 },
  { path: etcdCertificate, what: "etcd", port: 2379 },
  { path: "/etc/kubernetes/pki/etcd/peer.crt", what: "etcd's peer", port: 2380 },
] as const;

function addressOf({ target }: NodePlan): string {
  const address = target.address.split(",")[0]?.trim() ?? "";
  return address.includes(":") ? `[${address}]` : address;
}

function digest(held: readonly Held[]): string {
  const serials = held.map(({ path, certificate }) => `${path} ${certificate.serialNumber}`).sort();
  return sha256(serials.join("\n")).slice(0, 16);
}
