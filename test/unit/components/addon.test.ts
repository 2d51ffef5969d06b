import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type * as kubeadm from "../../../index";
import { run, secretPaths } from "./graph";
import { clusterArgs } from "./programs";

async function manifestsOf(args: Omit<kubeadm.AddonArgs, "cluster">) {
  const { graph } = await run(
    (door) => new door.Addon("hello", { cluster: new door.K8sCluster("prod", clusterArgs()), ...args }),
  );
  return graph.named("hello-manifests").inputs;
}

const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } };

test("objects, text and files in one list, in its order", async () => {
  const dir = mkdtempSync(join(tmpdir(), "addon-"));
  try {
    const file = join(dir, "hello.yaml");
    writeFileSync(file, "kind: ConfigMap\n");
    const { manifests } = await manifestsOf({ manifests: [{ file }, namespace, "kind: Secret\n"] });
    assert.deepEqual(manifests, ["kind: ConfigMap\n", namespace, "kind: Secret\n"]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("an object with a field called file is still an object", async () => {
  const odd = { ...namespace, file: "no-such-file" };
  const { manifests } = await manifestsOf({ manifests: [odd] });
  assert.deepEqual(manifests, [odd]);
});

test("secrets in manifests stay secret", async () => {
  const inputs = await manifestsOf({ manifests: [{ ...namespace, data: pulumi.secret({ a: "b" }) }] });
  assert.deepEqual(secretPaths(inputs).filter((path) => path.startsWith("manifests")).length, 1);
});

test("its own deadline wins over the cluster's, the others stay", async () => {
  const { graph } = await run((door) => {
    const cluster = new door.K8sCluster("prod", clusterArgs({ timeouts: { apply: 10, connect: 20 } }));
    new door.Addon("hello", { cluster, manifests: [], timeouts: { apply: 99 } });
  });
  assert.deepEqual(graph.named("hello-manifests").inputs.timeouts, { apply: 99, connect: 20 });
});

test("what is not given is not in the inputs", async () => {
  const inputs = await manifestsOf({ manifests: [] });
  for (const field of ["wait", "force", "timeouts"]) assert.equal(field in inputs, false, field);
});
