import assert from "node:assert/strict";
import { test } from "node:test";
import type * as kubeadm from "../../../index";
import { known, type Registered, reveal, run } from "./graph";
import { clusterArgs } from "./programs";

const cluster = (own: Partial<kubeadm.K8sClusterArgs>, how: Parameters<typeof run>[1] = {}) =>
  run((door) => new door.K8sCluster("prod", clusterArgs(own)), how);
const address = "10.0.0.10";
const inputsOf = ({ inputs }: Registered) => reveal(inputs) as Record<string, unknown>;

test("an endpoint that the program says reaches every leaf as it is, also where nothing is known yet", async () => {
  for (const [endpoint, text] of [
    [{ host: "api.example" }, "api.example:6443"],
    [{ host: "fd00::1", port: 7443 }, "[fd00::1]:7443"],
    [{ virtualIp: { address } }, `${address}:8443`],
    [{ virtualIp: { address, port: 9443 } }, `${address}:9443`],
    [{ virtualIp: { address, by: "kube-vip" as const } }, `${address}:6443`],
  ] as const) {
    const { graph } = await cluster({ endpoint }, { preview: true });
    for (const leaf of [...graph.of("ControlPlane"), ...graph.of("Worker"), ...graph.of("Kubeconfig")])
      assert.equal(inputsOf(leaf)["endpoint"], text, leaf.name);
  }
});

test("without one it is the first control plane's address", async () => {
  const { graph, result } = await cluster({});
  assert.equal(inputsOf(graph.of("Identity")[0] as Registered)["endpoint"], "address-of-prod-cp1-machine:6443");
  assert.equal(await known(result.endpoint), "address-of-prod-cp1-machine:6443");
});

test("control planes are told of the virtual address and of each other, their hosts what to bring, workers nothing", async () => {
  const { graph } = await cluster({ endpoint: { virtualIp: { address, virtualRouterId: 7, interface: "eth1" } } });
  const members = Object.fromEntries(["cp1", "cp2", "cp3"].map((name) => [name, `address-of-prod-${name}-machine`]));
  const front = { by: "keepalived", address, port: 8443, virtualRouterId: 7, interface: "eth1", members };
  for (const leaf of graph.of("ControlPlane")) assert.deepEqual(inputsOf(leaf)["front"], front, leaf.name);
  for (const leaf of graph.of("Worker")) assert.equal("front" in leaf.inputs, false, leaf.name);
  for (const leaf of graph.of("Host"))
    assert.deepEqual(inputsOf(leaf)["front"], /cp/.test(leaf.name) ? { by: "keepalived" } : undefined, leaf.name);
  assert.deepEqual(inputsOf(graph.of("Preflight")[0] as Registered)["virtualIp"], { address, port: 8443 });
});

test("control planes of a cluster that is made wait for their own host alone, of one that is there for all hosts", async () => {
  const hostsBefore = async (established: boolean) => {
    const { graph } = await cluster({}, { established });
    return graph.named("prod-cp1-control-plane").waitsFor.filter((name) => name.endsWith("-host"));
  };
  assert.deepEqual(await hostsBefore(false), ["prod-cp1-host"]);
  const all = ["cp1", "cp2", "cp3", "w1", "w2"].map((name) => `prod-${name}-host`);
  assert.deepEqual(await hostsBefore(true), all);
});
