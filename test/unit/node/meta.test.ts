import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../provider/host/kubeObject";
import type { Taint } from "../../../provider/kubeadm/spec";
import { metaPatch, type NodeMeta, nodeDrift, ownedAnnotation } from "../../../provider/steps/node/meta";

const nothing: NodeMeta = { labels: {}, taints: [], annotations: {} };
const control: Taint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };
const db: Taint = { key: "dedicated", value: "db", effect: "NoSchedule" };

function node(meta: Partial<NodeMeta> = {}): KubeObject {
  const { labels = {}, taints = [], annotations = {} } = meta;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "w1", resourceVersion: "7", labels, annotations },
    spec: { taints },
  };
}

interface Patch {
  metadata: {
    labels: Record<string, string | null>;
    annotations: Record<string, string | null>;
    resourceVersion?: string;
  };
  spec?: { taints: Taint[] };
}

/** What the API makes of a merge patch. */
function patched(before: KubeObject, patch: object | undefined): KubeObject {
  if (!patch) return before;
  const { metadata, spec } = patch as Patch;
  const map = (old: Record<string, string> = {}, change: Record<string, string | null>) =>
    Object.fromEntries(
      Object.entries({ ...old, ...change }).filter((pair): pair is [string, string] => pair[1] !== null),
    );
  const labels = map(before.metadata.labels, metadata.labels);
  const annotations = map(before.metadata.annotations, metadata.annotations);
  return { ...before, metadata: { ...before.metadata, labels, annotations }, ...(spec ? { spec } : {}) };
}

test("gives what is wanted and is then content", () => {
  const wanted: NodeMeta = { labels: { pool: "a" }, taints: [db], annotations: { note: "x" } };
  const after = patched(
    node({ labels: { theirs: "1" }, taints: [control] }),
    metaPatch(node({ labels: { theirs: "1" }, taints: [control] }), wanted),
  );
  assert.deepEqual(after.metadata.labels, { theirs: "1", pool: "a" });
  assert.deepEqual((after.spec as { taints: Taint[] }).taints, [control, db]);
  assert.equal(metaPatch(after, wanted), undefined);
});

test("what was taken out of the program leaves the node, others' keys stay", () => {
  const before = node({ labels: { theirs: "1" }, taints: [control], annotations: { theirs: "1" } });
  const given = patched(before, metaPatch(before, { labels: { pool: "a" }, taints: [db], annotations: { note: "x" } }));
  const after = patched(given, metaPatch(given, nothing));
  assert.deepEqual(after.metadata.labels, { theirs: "1" });
  assert.deepEqual((after.spec as { taints: Taint[] }).taints, [control]);
  assert.equal(after.metadata.annotations?.note, undefined);
  assert.equal(after.metadata.annotations?.theirs, "1");
  assert.equal(metaPatch(after, nothing), undefined);
});

test("a label that somebody else gave before is ours only once the program names it", () => {
  assert.equal(metaPatch(node({ labels: { pool: "theirs" } }), nothing), undefined);
});

test("what an earlier run gave without our note is taken away when the caller knows it", () => {
  const before = { ...nothing, labels: { pool: "a" } };
  const after = patched(node({ labels: { pool: "a" } }), metaPatch(node({ labels: { pool: "a" } }), nothing, before));
  assert.deepEqual(after.metadata.labels, {});
});

test("a taint of another effect is another taint, a changed value the same", () => {
  const execute: Taint = { key: "dedicated", effect: "NoExecute" };
  const given = patched(
    node({ taints: [execute] }),
    metaPatch(node({ taints: [execute] }), { ...nothing, taints: [db] }),
  );
  const changed = patched(given, metaPatch(given, { ...nothing, taints: [{ ...db, value: "web" }] }));
  assert.deepEqual((changed.spec as { taints: Taint[] }).taints, [execute, { ...db, value: "web" }]);
});

test("taints go with the node's version, labels alone without", () => {
  const taints = metaPatch(node(), { ...nothing, taints: [db] }) as Patch;
  assert.equal(taints.metadata.resourceVersion, "7");
  assert.equal((metaPatch(node(), { ...nothing, labels: { a: "b" } }) as Patch).metadata.resourceVersion, undefined);
});

test("a note that somebody wrote over takes nothing away", () => {
  const odd = node({ labels: { pool: "a" }, annotations: { [ownedAnnotation]: "not json" } });
  assert.deepEqual(patched(odd, metaPatch(odd, nothing)).metadata.labels, { pool: "a" });
});

test("drift is what the node has of what it was given", () => {
  const known: NodeMeta = {
    labels: { pool: "a", zone: "z" },
    taints: [db, { key: "k", effect: "NoExecute" }],
    annotations: { note: "x" },
  };
  assert.deepEqual(nodeDrift(node({ ...known, labels: { ...known.labels, theirs: "1" } }), known), known);
  const seen = nodeDrift(node({ labels: { pool: "b" }, taints: [{ ...db, value: "web" }], annotations: {} }), known);
  assert.deepEqual(seen, { labels: { pool: "b" }, taints: [{ ...db, value: "web" }], annotations: {} });
});

test("an empty value and none are the same taint", () => {
  const known: NodeMeta = { ...nothing, taints: [{ key: "k", value: "", effect: "NoExecute" }] };
  assert.deepEqual(nodeDrift(node({ taints: [{ key: "k", effect: "NoExecute" }] }), known), known);
});
