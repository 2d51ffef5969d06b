import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { stillReports } from "../../../provider/steps/node/aliveness";
import { emptyDead } from "../../../provider/steps/node/emptyDead";
import { type Answer, type Asked, fakeHost } from "../kubectl/fakeHost";

const quiet = { say: () => {}, warn: () => {} };
const node = (ready: string) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "w1" },
  status: { conditions: [{ type: "Ready", status: ready }] },
});
const lease = (renewTime: string) => ({
  apiVersion: "v1",
  kind: "Lease",
  metadata: { name: "w1" },
  spec: { renewTime },
});
const list = (items: object[]) => ({ apiVersion: "v1", kind: "List", items });

/** Answers each question about the Node, and about its lease, with the next of the given answers and then the last. */
function cluster(nodes: (object | undefined)[], leases: string[]) {
  const next = <T>(answers: T[]) => (answers.length > 1 ? answers.shift() : answers[0]);
  const host = fakeHost(({ argv }) => {
    if (argv[1] === "nodes") return next(nodes) ?? "";
    return lease(next(leases) ?? "");
  });
  return new Kubectl(host);
}

test("a node that is not Ready, or is none, reports no more", async () => {
  assert.equal(await stillReports(cluster([undefined], ["1"]), "w1", quiet), false);
  assert.equal(await stillReports(cluster([node("Unknown")], ["1"]), "w1", quiet), false);
  assert.equal(await stillReports(cluster([node("False")], ["1"]), "w1", quiet), false);
});

test("Ready alone is no sign of life; a renewed lease is", async () => {
  assert.equal(await stillReports(cluster([node("True")], ["1", "2"]), "w1", quiet), true);
  assert.equal(await stillReports(cluster([node("True"), node("Unknown")], ["1"]), "w1", quiet), false);
});

test("a dead node is cordoned, its volumes are let go, and its pods are evicted and then given up", async () => {
  const pod = (name: string, more: object) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "web", uid: `u-${name}`, ...more },
    status: { phase: "Running" },
  });
  const did: string[] = [];
  let evicted = false;
  const answer = ({ argv, stdin = "" }: Asked): Answer => {
    const [verb, what] = argv;
    if (verb === "patch") did.push(JSON.stringify(JSON.parse(stdin).spec));
    if (verb === "create") {
      did.push(`evict ${JSON.parse(stdin).metadata.name}`);
      evicted = true;
    }
    if (verb === "delete")
      did.push(`delete ${argv.find((word) => word.startsWith("/api"))} ${JSON.parse(stdin).gracePeriodSeconds}`);
    if (what === "--raw") return { resources: [{ name: "pods", kind: "Pod", namespaced: true }] };
    if (what === "pods") return list([pod("a", evicted ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {})]);
    return what === "volumeattachments.storage.k8s.io" ? list([]) : node("Unknown");
  };
  await emptyDead(new Kubectl(fakeHost(answer)), "w1", quiet);
  assert.deepEqual(did, [
    '{"unschedulable":true}',
    '{"taints":[{"key":"node.kubernetes.io/out-of-service","value":"nodeshutdown","effect":"NoExecute"}]}',
    "evict a",
    "delete /api/v1/namespaces/web/pods/a 0",
  ]);
});
