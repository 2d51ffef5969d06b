import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run, secretPaths } from "./graph";
import { clusterArgs } from "./programs";

const sdk = require.resolve("@pulumi/pulumi");
const programDir = mkdtempSync(join(tmpdir(), "program-"));
const formerDir = process.cwd();

before(() => process.chdir(programDir));
after(() => {
  process.chdir(formerDir);
  rmSync(programDir, { recursive: true });
});

test("without the package it says what to install", async () => {
  await run((door) => {
    const cluster = new door.K8sCluster("prod", clusterArgs());
    assert.throws(
      () => cluster.kubernetesProvider(),
      /needs the package @pulumi\/kubernetes: run `npm install @pulumi\/kubernetes`/,
    );
  });
});

test("with the program's package it is a provider for this cluster that survives a new kubeconfig", async () => {
  const dir = join(programDir, "node_modules/@pulumi/kubernetes");
  mkdirSync(dir, { recursive: true });
  const text = `const pulumi = require(${JSON.stringify(sdk)});
    exports.Provider = class extends pulumi.ProviderResource {
      constructor(name, args, options) { super("kubernetes", name, args, options); }
    };`;
  writeFileSync(join(dir, "index.js"), text);
  const { graph } = await run((door) => new door.K8sCluster("prod", clusterArgs()).kubernetesProvider());
  const provider = graph.named("prod-kubernetes");
  assert.equal(provider.type, "pulumi:providers:kubernetes");
  assert.equal(graph.parentOf(provider)?.name, "prod");
  assert.equal(provider.inputs.clusterIdentifier, "cluster-1");
  assert.deepEqual(secretPaths(provider.inputs), ["kubeconfig"]);
  assert.deepEqual(provider.takesFrom, ["prod-identity", "prod-kubeconfig"]);
});

test("a fault inside that package is not called a missing package", async () => {
  const dir = join(programDir, "node_modules/@pulumi/kubernetes");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "index.js"), "throw new Error('broken inside');");
  delete require.cache[join(dir, "index.js")];
  await run((door) => {
    const cluster = new door.K8sCluster("prod", clusterArgs());
    assert.throws(() => cluster.kubernetesProvider(), /broken inside/);
  });
});
