import assert from "node:assert/strict";
import { test } from "node:test";
import { decideWorker, type WorkerObservations } from "../../../provider/steps/kubeadm/decideWorker";

const conf = "/etc/kubernetes/kubelet.conf";
const bootstrap = "/etc/kubernetes/bootstrap-kubelet.conf";
const here = { addresses: ["10.0.0.21"], ready: true };
const elsewhere = { addresses: ["10.0.0.99"], ready: true };

type Seen = Partial<WorkerObservations["own"]>;
function seen(own: Seen, node?: WorkerObservations["node"], cluster: WorkerObservations["cluster"] = {}) {
  const bare = { claim: "c1", joined: false, parts: [], sameCluster: false };
  return { clusterId: "c1", name: "w1", address: "10.0.0.21", own: { ...bare, ...own }, node, cluster };
}
const kept = { joined: true, parts: [conf], sameCluster: true };

const rows: [string, WorkerObservations, string][] = [
  ["a bare host", seen({}), "join"],
  ["a joined host", seen({ joined: true, parts: [conf], sameCluster: true }, here), "adopt"],
  ["a joined host whose Node was deleted", seen({ joined: true, parts: [conf], sameCluster: true }), "adopt"],
  ["a join killed at its very end", seen({ parts: [conf], sameCluster: true }, here), "adopt"],
  ["a join killed in the middle", seen({ parts: [conf, bootstrap], sameCluster: true }, here), "join+reset+stale"],
  ["a join killed before registration", seen({ parts: [conf], sameCluster: true }), "join+reset"],
  ["rests of an earlier life of the cluster", seen({ joined: true, parts: [conf], sameCluster: false }), "join+reset"],
  ["a reinstalled machine", seen({ joined: true }, here), "join+stale"],
  ["another machine's dead Node", seen({}, { ...elsewhere, ready: false }), "join+stale"],
  ["another machine's living Node", seen({}, elsewhere), "refuse"],
  ["a host of another cluster", seen({ claim: "c2" }), "refuse"],
  ["a cluster nobody claimed", seen({ claim: undefined, parts: [conf] }), "refuse"],
  ["one taken out without its host, and back", seen(kept, undefined, { removed: { w1: "" } }), "join+reset"],
  [
    "a control plane taken out without its host, and back as a worker",
    seen({ ...kept, parts: [conf, "/var/lib/etcd/member"] }, undefined, { removed: { w1: "" } }),
    "join+reset",
  ],
  ["one whose removal did not end", seen(kept, here, { removed: { w1: "" }, nodes: ["w1"] }), "adopt"],
  ["one let in again", seen({ ...kept, machineId: "m1" }, here, { removed: { w1: "m1" }, nodes: ["w1"] }), "adopt"],
  ["the machine of a node taken out", seen({ ...kept, was: "w9" }, undefined, { removed: { w9: "" } }), "join+reset"],
  ["the machine of another node", seen({ ...kept, was: "w9" }, undefined, { nodes: ["w9"] }), "refuse"],
  ["a control plane", seen({ parts: ["/etc/kubernetes/admin.conf"] }), "refuse"],
];

for (const [what, observations, expected] of rows)
  test(`worker: ${what}: ${expected}`, () => {
    const decision = decideWorker(observations);
    const flags =
      decision.action === "join" ? `${decision.reset ? "+reset" : ""}${decision.stale ? "+stale" : ""}` : "";
    assert.equal(decision.action + flags, expected);
  });
