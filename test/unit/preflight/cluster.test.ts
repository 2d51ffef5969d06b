import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts } from "../../../provider/host/facts";
import { examine } from "../../../provider/preflight/preflight";
import { candidate, clusterId, fleet, found, ours } from "./fleet";

const kubernetes = (overrides: Partial<Facts["kubernetes"]>) =>
  candidate({ kubernetes: { found: [], server: "", claim: undefined, ...overrides } });

function problem(given: ReturnType<typeof candidate>): string {
  const [first] = examine(given, fleet([given]), ["all"]);
  return `${first?.check}: ${first?.text} -> ${first?.remedy}`;
}

test("a host that this cluster has prepared passes", () => {
  assert.deepEqual(found([candidate({ kubernetes: ours, units: ["kubelet"] })]), []);
});

test("a host of another cluster is refused with what was found and the way out, whatever is waived", () => {
  const text = problem(kubernetes({ claim: { clusterId: "c-2", node: "db1" }, found: ["/var/lib/etcd/member"] }));
  assert.match(text, /^OtherCluster: is node db1 of another cluster, c-2/);
  assert.match(text, /claim\.json; found: \/var\/lib\/etcd\/member/);
  assert.match(text, /-> take it out of the program .*kubeadm reset/);
});

test("Kubernetes without a claim of ours is another cluster's", () => {
  const text = problem(kubernetes({ found: ["/etc/kubernetes/kubelet.conf"], server: "https://10.9.9.9:6443" }));
  assert.match(text, /^OtherCluster: .*\/etc\/kubernetes\/kubelet\.conf, a kubelet of https:\/\/10\.9\.9\.9:6443/);
});

test("a running kubelet or k3s alone is enough to refuse", () => {
  assert.deepEqual(found([candidate({ units: ["kubelet"] })]), ["OtherCluster"]);
  assert.deepEqual(found([candidate({ units: ["k3s-agent"] })]), ["OtherCluster"]);
  assert.deepEqual(found([candidate({ units: ["containerd", "docker"] })]), []);
});

test("a damaged claim is refused", () => {
  assert.match(problem(kubernetes({ claim: "unreadable" })), /^OtherCluster: .*claim\.json is damaged/);
});

test("a machine is one node: under another name of the same cluster it is refused", () => {
  const text = problem(kubernetes({ claim: { clusterId, node: "w7" } }));
  assert.match(text, /^OtherNode: is node w7 of this cluster still -> take w7 out/);
});

test("what is left of a node that the cluster has given up is no other node", () => {
  const given = kubernetes({ claim: { clusterId, node: "w7" } });
  const checks = (removed: Record<string, string>) => found([given], { removed }, ["all"]);
  assert.deepEqual(checks({ w7: "" }), []);
  assert.deepEqual(checks({ w7: "0".repeat(32) }), []);
  assert.deepEqual(checks({ w8: "" }), ["OtherNode"]);
  assert.deepEqual(checks({ w7: given.machineId }), ["OtherNode"]);
});

test("a machine that runs agents of virtual nodes becomes a worker, and no control plane", () => {
  const given = candidate({ agents: ["press-7"] });
  assert.match(problem({ ...given, controlPlane: true }), /^NodeAgent: runs the agents of virtual nodes \(press-7\)/);
  assert.deepEqual(found([{ ...given, controlPlane: false }]), []);
});

test("another machine than the recorded one is refused", () => {
  const given = candidate({}, { machineId: "f".repeat(32) });
  assert.deepEqual(found([given], {}, ["all", "SameMachine"]), ["SameMachine"]);
});
