import assert from "node:assert/strict";
import { test } from "node:test";
import type * as kubeadm from "../../../index";
import { refusal, run } from "./graph";
import { clusterArgs, hosts } from "./programs";

const nodesOnly = /-(control-plane|host|worker)$/;

/** A cluster of one control plane and one worker, and nodes declared after it. */
const small = (door: typeof kubeadm) =>
  new door.K8sCluster("prod", clusterArgs({ controlPlanes: hosts("cp1"), workers: hosts("w1") }));

test("a worker declared by itself has the same leaves as one of the map, and a preflight of its own", async () => {
  const { graph } = await run(
    (door) => new door.WorkerNode("late", { cluster: small(door), connection: { host: "late.example" } }),
  );
  const under = graph.all.filter((resource) => graph.parentOf(resource)?.name === "late").map(({ name }) => name);
  assert.deepEqual(under.sort(), ["late-host", "late-machine", "late-preflight", "late-worker"]);
  assert.equal(graph.named("late").parent, undefined);
  assert.ok(graph.named("late-host").waitsFor.includes("late-preflight"));
  assert.equal(graph.named("late-host").waitsFor.includes("prod-preflight"), false);
});

test("its preflight looks at its host alone and compares it with the cluster's machines", async () => {
  const { graph } = await run(
    (door) => new door.WorkerNode("late", { cluster: small(door), connection: { host: "late.example" } }),
  );
  const { hosts: looked, peers, reach } = graph.named("late-preflight").inputs as Record<string, object>;
  assert.deepEqual(Object.keys(looked ?? {}), ["late"]);
  assert.deepEqual(peers, {
    cp1: { machineId: "id-of-prod-cp1-machine", address: "address-of-prod-cp1-machine" },
    w1: { machineId: "id-of-prod-w1-machine", address: "address-of-prod-w1-machine" },
  });
  assert.deepEqual(Object.keys(reach ?? {}), ["cp1"]);
});

test("it joins after the control planes, beside the other workers", async () => {
  const { graph } = await run(
    (door) => new door.WorkerNode("late", { cluster: small(door), connection: { host: "late.example" } }),
  );
  const before = graph.named("late-worker").waitsFor.filter((name) => nodesOnly.test(name));
  assert.deepEqual(before, ["late-host", "prod-cp1-control-plane"]);
});

test("the cluster's defaults hold for it too, and its own arguments win", async () => {
  const { graph } = await run((door) => {
    const cluster = small(door);
    new door.WorkerNode("late", {
      cluster,
      nodeName: "w9",
      connection: { host: "late.example", user: "admin" },
      labels: { pool: "db" },
    });
  });
  const { name, labels, kubernetesVersion, target } = graph.named("late-worker").inputs;
  assert.deepEqual([name, labels, kubernetesVersion], ["w9", { pool: "db" }, "1.34.4"]);
  const { connection } = target as { connection: Record<string, unknown> };
  assert.deepEqual([connection.host, connection.user, "privateKey" in connection], ["late.example", "admin", true]);
});

test("a control plane declared by itself joins the chain, and reach has it from then on", async () => {
  const { graph } = await run((door) => {
    const cluster = small(door);
    new door.ControlPlaneNode("cp2", { cluster, connection: { host: "cp2.example" } });
    new door.ControlPlaneNode("cp3", { cluster, connection: { host: "cp3.example" } });
    new door.WorkerNode("late", { cluster, connection: { host: "late.example" } });
    new door.Addon("hello", { cluster, manifests: [] });
  });
  const before = (name: string) => graph.named(name).waitsFor.filter((other) => nodesOnly.test(other));
  const reach = (name: string) => Object.keys(graph.named(name).inputs.reach as object).sort();
  assert.deepEqual(before("cp2-control-plane"), ["cp2-host", "prod-cp1-control-plane"]);
  assert.deepEqual(before("cp3-control-plane"), ["cp2-control-plane", "cp3-host", "prod-cp1-control-plane"]);
  assert.deepEqual(before("late-worker"), [
    "cp2-control-plane",
    "cp3-control-plane",
    "late-host",
    "prod-cp1-control-plane",
  ]);
  assert.deepEqual(reach("cp2-control-plane"), ["cp1", "cp2"]);
  assert.deepEqual(reach("late-worker"), ["cp1", "cp2", "cp3"]);
  assert.deepEqual(reach("hello-manifests"), ["cp1", "cp2", "cp3"]);
  assert.deepEqual(reach("prod-w1-worker"), ["cp1"], "what was declared before is not changed by what comes later");
});

test("a node that comes after another one is compared with it too", async () => {
  const { graph } = await run((door) => {
    const cluster = small(door);
    new door.WorkerNode("w2", { cluster, connection: { host: "w2.example" } });
    new door.WorkerNode("w3", { cluster, connection: { host: "w3.example" } });
  });
  assert.deepEqual(Object.keys(graph.named("w3-preflight").inputs.peers as object).sort(), ["cp1", "w1", "w2"]);
});

test("an addon waits for workers that were declared before it", async () => {
  const { graph } = await run((door) => {
    const cluster = small(door);
    new door.Addon("early", { cluster, manifests: [] });
    new door.WorkerNode("late", { cluster, connection: { host: "late.example" } });
    new door.Addon("after", { cluster, manifests: [] });
  });
  assert.equal(graph.named("early-manifests").waitsFor.includes("late-worker"), false);
  assert.ok(graph.named("after-manifests").waitsFor.includes("late-worker"));
});

test("a node's name that the cluster has already is refused before anything is registered for it", async () => {
  const told: string[] = [];
  const { graph } = await run((door) => {
    const cluster = small(door);
    try {
      new door.WorkerNode("again", { cluster, nodeName: "w1", connection: { host: "late.example" } });
    } catch (error) {
      told.push((error as Error).message);
    }
  });
  assert.match(told[0] ?? "", /^WorkerNode again: .*\n.*nodeName: .*w1/);
  assert.deepEqual(
    graph.leaves.filter(({ name }) => name.startsWith("again")),
    [],
  );
});

test("a node by itself needs a host as well", async () => {
  const text = await lateRefusal({});
  assert.match(text, /connection\.host/);
});

test("all problems of a node come at once, with their paths", async () => {
  const text = await lateRefusal({
    connection: { host: "late.example", prot: 22 } as never,
    labels: { "kubernetes.io/hostname": "x" },
    taints: [{ key: "a/b/c", effect: "NoSchedule" }],
    swap: "maybe" as never,
  });
  for (const path of ["connection", "labels", "taints", "swap"])
    assert.match(text, new RegExp(`\\n {2}- ${path}`), path);
});

async function lateRefusal(args: Partial<kubeadm.WorkerNodeArgs>): Promise<string> {
  let told = "";
  const { graph } = await run((door) => {
    const cluster = small(door);
    try {
      new door.WorkerNode("late", { cluster, ...args });
    } catch (error) {
      told = (error as Error).message;
    }
  });
  assert.deepEqual(
    graph.leaves.filter(({ name }) => name.startsWith("late")),
    [],
  );
  return told;
}

test("a cluster that is none is refused", async () => {
  const text = await refusal(
    (door) => new door.WorkerNode("late", { cluster: undefined as never, connection: { host: "x" } }),
  );
  assert.match(text, /cluster/);
});
