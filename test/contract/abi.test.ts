// Names that are written into users' states and programs. A test that fails here asks for a new name beside the old one.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import * as door from "../../index";
import * as provider from "../../provider/index";
import { leafType, signpost } from "../../provider/resources/leaf";
import { run } from "../unit/components/graph";
import { clusterArgs } from "../unit/components/programs";
import { projectDir } from "./providerProcess";

const released = {
  package: "pulumi-kubeadm",
  kinds: [
    "Identity",
    "Machine",
    "Preflight",
    "Host",
    "ControlPlane",
    "Worker",
    "VirtualKubelet",
    "Kubeconfig",
    "Manifests",
  ],
  components: ["K8sCluster", "ControlPlaneNode", "WorkerNode", "VirtualKubeletNode", "Addon"],
};

test("the package and its two doors", () => {
  const fromProject = createRequire(join(projectDir, "package.json"));
  const manifest = fromProject("./package.json") as { name: string; exports: Record<string, { default: string }> };
  assert.equal(manifest.name, released.package);
  assert.equal(manifest.exports["./provider"]?.default, "./dist/provider/index.js");
  assert.equal(manifest.exports["."]?.default, "./dist/index.js");
});

test("a program finds the provider by the words of the signpost", () => {
  const fromProgram = createRequire(join(projectDir, "examples/quickstart/index.js"));
  const found = fromProgram("pulumi-kubeadm/provider") as typeof provider;
  for (const kind of released.kinds) assert.equal(typeof found.handler(kind).create, "function", kind);
});

test("every leaf that was ever released is served", () => {
  for (const kind of released.kinds) assert.ok(provider.kinds.includes(kind), kind);
});

test("a new leaf joins the list here", () => {
  assert.deepEqual([...provider.kinds].sort(), [...released.kinds].sort());
});

test("the text in every state, letter by letter, and short", () => {
  assert.equal(signpost("Host"), 'exports.handler=()=>require("pulumi-kubeadm/provider").handler("Host")');
  for (const kind of released.kinds) assert.ok(Buffer.byteLength(signpost(kind)) <= 100, kind);
});

test("types of leaves", () => {
  assert.equal(leafType("Host"), "pulumi-nodejs:dynamic/kubeadm:Host");
});

test("the door's classes", () => {
  assert.deepEqual(Object.keys(door).sort(), [...released.components].sort());
});

test("types of what a program registers", async () => {
  const { graph } = await run(({ K8sCluster, WorkerNode, VirtualKubeletNode, Addon }) => {
    const cluster = new K8sCluster("prod", clusterArgs());
    new WorkerNode("late", { cluster, connection: { host: "late.example" } });
    new VirtualKubeletNode("press-7", { cluster, provider: { simulated: {} } });
    new Addon("hello", { cluster, manifests: [] });
  });
  const types = [...new Set(graph.all.map(({ type }) => type))].sort();
  const components = released.components.map((name) => `kubeadm:index:${name}`);
  assert.deepEqual(types, [...components, ...released.kinds.map(leafType)].sort());
});
