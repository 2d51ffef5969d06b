// The engine writes every resource twice, inputs and outputs, at every checkpoint: what a leaf holds has to stay small.
import assert from "node:assert/strict";
import { test } from "node:test";
import { adapt } from "../../provider/dynamic/adapter";
import { type Graph, type Registered, run } from "../unit/components/graph";
import { clusterArgs, hosts } from "../unit/components/programs";
import { bag, fakeHandler } from "../unit/dynamic/fakeHandler";

/** As long as an Ed25519 key in OpenSSH's format. */
const privateKey = "k".repeat(411);
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `w${index + 1}`);

const cluster = async (workers: number): Promise<Graph> => {
  const args = clusterArgs({ connection: { user: "ops", privateKey }, workers: hosts(...names(workers)) });
  return (await run((door) => new door.K8sCluster("prod", args))).graph;
};
const size = ({ inputs }: Registered): number => JSON.stringify(inputs).length;

test("what the adapter adds to inputs and outputs is one short field", async () => {
  const { outs } = await adapt(fakeHandler().handler).create(bag());
  const added = Object.keys(outs).filter((key) => !(key in bag()) && key !== "joined");
  assert.deepEqual(added, ["converged"]);
});

test("a worker of a cluster of three control planes is a few kilobytes, keys included", async () => {
  const graph = await cluster(2);
  for (const { name, ...leaf } of graph.leaves)
    assert.ok(size({ name, ...leaf }) < 8192, `${name}: ${size({ name, ...leaf })}`);
});

test("no leaf of a node grows with the number of workers", async () => {
  const [few, many] = [await cluster(2), await cluster(20)];
  for (const name of [
    "prod-w1-host",
    "prod-w1-worker",
    "prod-w1-machine",
    "prod-cp1-control-plane",
    "prod-kubeconfig",
  ]) {
    assert.equal(size(few.named(name)), size(many.named(name)), name);
  }
});

test("only the preflight sees them all, and grows by the host", async () => {
  const [few, many] = [await cluster(2), await cluster(20)];
  const grown = (size(many.named("prod-preflight")) - size(few.named("prod-preflight"))) / 18;
  assert.ok(grown < 1024, `${grown} bytes a host`);
});
