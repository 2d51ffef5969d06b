import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { controlPlane } from "../../../provider/handlers/controlPlane";
import { withServer } from "../../../provider/steps/endpoint/clusterEndpoint";

test("a kubeconfig is led elsewhere, and nothing else of it changes", () => {
  const before = {
    apiVersion: "v1",
    clusters: [
      { name: "kubernetes", cluster: { server: "https://10.0.0.11:6443", "certificate-authority-data": "x" } },
    ],
    users: [{ name: "u", user: { "client-key-data": "y" } }],
  };
  const after = parse(withServer(JSON.stringify(before), "[fd00::1]:8443")) as typeof before;
  const [cluster] = before.clusters;
  const moved = { ...cluster, cluster: { ...cluster?.cluster, server: "https://[fd00::1]:8443" } };
  assert.deepEqual(after, { ...before, clusters: [moved] });
});

const front = { by: "keepalived", address: "10.0.0.10", port: 8443, virtualRouterId: 51, members: {} } as const;

test("from one virtual address to another there is no way in place; the rest of it may change", () => {
  const refused = (after: object) => controlPlane.rules?.({ front: { ...front, ...after } }, { front } as never) ?? [];
  assert.match(
    refused({ address: "10.0.0.9" })[0] ?? "",
    /endpoint\.virtualIp\.address: from 10\.0\.0\.10 .*endpoint\.host/,
  );
  assert.match(refused({ port: 9443 })[0] ?? "", /virtualIp\.port/);
  assert.deepEqual(refused({ virtualRouterId: 60, members: { c2: "10.0.0.12" } }), []);
  assert.deepEqual(controlPlane.rules?.({}, { front } as never), []);
});
