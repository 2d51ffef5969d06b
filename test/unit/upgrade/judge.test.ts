import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judgeCluster } from "../../../provider/steps/upgradeChecks/judge";
import { drainedNodes } from "../../../provider/steps/upgradeChecks/look";
import type { ClusterView } from "../../../provider/steps/upgradeChecks/view";
import { cluster, etcdOf, node, server, short, texts, wish } from "./view";

const found = (view: ClusterView, more = {}): string[] => short(judgeCluster(view, wish(more)));
const nodes = (changed: Record<string, Parameters<typeof node>[1]>) =>
  ["c1", "c2", "c3", "w1", "w2"].map((name) => node(name, changed[name]));

test("a good cluster may be upgraded", () => {
  assert.deepEqual(judgeCluster(cluster(), wish()), []);
});

test("an upgrade that died anywhere in between may go on", () => {
  const order = ["c1", "c2", "c3", "w1", "w2"];
  fc.assert(
    fc.property(fc.nat({ max: 5 }), (done) => {
      const at = (name: string): string => (order.indexOf(name) < done ? "v1.34.4" : "v1.33.13");
      const view = cluster({
        nodes: order.map((name) => node(name, { kubelet: at(name) })),
        servers: ["c1", "c2", "c3"].map((name) => server(name, { version: at(name) })),
        kubeProxy: done > 0 ? "v1.34.4" : "v1.33.13",
        etcd: etcdOf(
          Object.fromEntries(["c1", "c2", "c3"].map((name) => [name, at(name) === "v1.34.4" ? "3.6.5" : "3.5.24"])),
        ),
      });
      assert.deepEqual(judgeCluster(view, wish()), []);
    }),
  );
});

test("nothing that runs may be later than the new version, not even by a patch", () => {
  const late = cluster({
    nodes: nodes({ w2: { kubelet: "v1.34.5" } }),
    servers: [server("c1", { version: "v1.34.5" })],
    kubeProxy: "v1.35.0",
  });
  const findings = judgeCluster(late, wish()).filter(({ check }) => check === "UpgradeVersions");
  assert.deepEqual(short(findings), ["UpgradeVersions c1", "UpgradeVersions w2", "UpgradeVersions"]);
  assert.match(texts(findings), /runs API server v1\.34\.5, which is later than 1\.34\.4/);
});

test("an API server is one minor before the new one at most, a kubelet three", () => {
  assert.deepEqual(
    found(cluster({ servers: ["c1", "c2", "c3"].map((name) => server(name, { version: "v1.32.9" })) })),
    ["UpgradeVersions c1", "UpgradeVersions c2", "UpgradeVersions c3"],
  );
  assert.deepEqual(found(cluster({ nodes: nodes({ w1: { kubelet: "v1.31.2" } }) })), []);
  assert.deepEqual(found(cluster({ nodes: nodes({ w1: { kubelet: "v1.30.2" } }) })), ["UpgradeVersions w1"]);
  assert.deepEqual(found(cluster({ kubeProxy: "v1.30.2" })), ["UpgradeVersions"]);
});

test("a control plane that is not Ready refuses by its name, whatever may be away", () => {
  const findings = judgeCluster(
    cluster({ nodes: nodes({ c2: { notReady: "Kubelet stopped posting node status" } }) }),
    wish({ maxUnavailable: 9 }),
  );
  assert.deepEqual(short(findings), ["UpgradeControlPlanes c2"]);
  assert.match(texts(findings), /not Ready: Kubelet stopped/);
});

test("what else is wrong with a control plane that is away is not told a second time", () => {
  const etcd = etcdOf({ c1: "3.5.24", c3: "3.5.24" });
  const members = etcdOf({ c1: "3.5.24", c2: "3.5.24", c3: "3.5.24" }).members;
  const view = cluster({
    nodes: nodes({ c2: { notReady: "gone" } }),
    servers: [server("c1"), server("c2", { version: undefined, failure: "connection refused" }), server("c3")],
    etcd: { ...etcd, members },
  });
  assert.deepEqual(found(view), ["UpgradeControlPlanes c2"]);
});

test("a worker that is away uses up one of those that may be", () => {
  const one = cluster({ nodes: nodes({ w1: { notReady: "Kubelet stopped posting node status" } }) });
  assert.deepEqual(found(one), ["UpgradeWorkers w1"]);
  assert.deepEqual(found(one, { maxUnavailable: "50%" }), ["UpgradeWorkers w1"]);
  assert.deepEqual(found(one, { maxUnavailable: 2 }), ["(UpgradeWorkers w1)"]);
  const two = cluster({ nodes: nodes({ w1: { notReady: "x" }, w2: { notReady: "y" } }) });
  assert.deepEqual(found(two, { maxUnavailable: 2 }), ["UpgradeWorkers w1", "UpgradeWorkers w2"]);
});

test("an API server that does not answer is told at its node", () => {
  const view = cluster({ servers: [server("c1"), server("c2"), server("c3", { failure: "[-]etcd failed" })] });
  assert.deepEqual(found(view), ["UpgradeControlPlanes c3"]);
});

test("a control plane whose API server has no pod is told too", () => {
  assert.deepEqual(found(cluster({ servers: [server("c1"), server("c2")] })), ["UpgradeControlPlanes c3"]);
});

test("APIs that the new version drops are named once, with the servers that were asked", () => {
  const api = (resource: string, removedRelease: string) => ({
    group: "flow",
    version: "v1beta1",
    resource,
    removedRelease,
  });
  const view = cluster({
    servers: [
      server("c1", { deprecated: [api("schemas", "1.34"), api("later", "1.35")] }),
      server("c2", { deprecated: [api("schemas", "1.34")] }),
      server("c3"),
    ],
  });
  const findings = judgeCluster(view, wish());
  assert.deepEqual(short(findings), ["UpgradeDeprecatedAPIs"]);
  assert.match(texts(findings), /flow\/v1beta1 schemas, which Kubernetes 1\.34 no longer has \(asked of c1, c2 /);
});

test("pods leave workers whose kubelet changes, and control planes where it changes its minor", () => {
  const all = nodes({ w2: { kubelet: "v1.34.4" } });
  assert.deepEqual([...drainedNodes(all, wish())], ["c1", "c2", "c3", "w1"]);
  assert.deepEqual([...drainedNodes(all, wish({ to: "1.33.14" }))], ["w1", "w2"]);
  const some = nodes({ c1: { ours: false }, w1: { notReady: "away" } });
  assert.deepEqual([...drainedNodes(some, wish())], ["c2", "c3", "w2"]);
});

test("where everything is at that version nothing is to be upgraded, so nothing stands in its way", () => {
  const view = cluster({ nodes: nodes({ w1: { notReady: "gone" } }) });
  assert.deepEqual(found(view, { to: "1.33.13" }), []);
  assert.deepEqual(found(view, { to: "1.33.14" }), ["UpgradeWorkers w1"]);
});
