import assert from "node:assert/strict";
import { test } from "node:test";
import { decideWorker, type WorkerObservations } from "../../../provider/steps/kubeadm/decideWorker";

const conf = "/etc/kubernetes/kubelet.conf";
const bootstrap = "/etc/kubernetes/bootstrap-kubelet.conf";
const here = { addresses: ["10.0.0.21"], ready: true };
const elsewhere = { addresses: ["10.0.0.99"], ready: true };

function seen(own: Partial<WorkerObservations["own"]>, node?: WorkerObservations["node"]): WorkerObservations {
  const bare = { claim: "c1", joined: false, parts: [], sameCluster: false };
  return { clusterId: "c1", name: "w1", address: "10.0.0.21", own: { ...bare, ...own }, node };
}

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
  ["a control plane", seen({ parts: ["/etc/kubernetes/admin.conf"] }), "refuse"],
];

for (const [what, observations, expected] of rows)
  test(`worker: ${what}: ${expected}`, () => {
    const decision = decideWorker(observations);
    const flags =
      decision.action === "join" ? `${decision.reset ? "+reset" : ""}${decision.stale ? "+stale" : ""}` : "";
    assert.equal(decision.action + flags, expected);
  });
