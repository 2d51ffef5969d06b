import assert from "node:assert/strict";
import { test } from "node:test";
import { hasFlags, withFlags } from "../../../provider/steps/kubeadm/kubeletFlags";

const written =
  'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/c.sock --node-ip=10.0.0.1 --v=2 --max-pods=50"\n';

test("flags of the program are put in, others stay", () => {
  const text = withFlags(written, { v: "4" }, ["v"]);
  assert.equal(
    text,
    'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/c.sock --node-ip=10.0.0.1 --max-pods=50 --v=4"\n',
  );
});

test("a flag that the program gave before and names no longer is taken out", () => {
  assert.ok(!withFlags(written, {}, ["v"]).includes("--v="));
  assert.ok(withFlags(written, {}, []).includes("--v=2"));
});

test("the same flags again change nothing", () => {
  const once = withFlags(written, { v: "4", "max-pods": "60" }, []);
  assert.equal(withFlags(once, { v: "4", "max-pods": "60" }, ["v", "max-pods"]), once);
});

test("flags are compared whole", () => {
  assert.ok(hasFlags(written, { "max-pods": "50" }));
  assert.ok(!hasFlags(written, { "max-pods": "5" }));
  assert.ok(!hasFlags("", { v: "2" }));
});
