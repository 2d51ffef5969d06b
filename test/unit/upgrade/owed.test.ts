import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../provider/host/kubeObject";
import { daemonsMissing, owners, readyDaemons, stillOwed } from "../../../provider/steps/upgrade/owed";

function pod(name: string, owner: { kind: string; name: string } | undefined, ready = true): KubeObject {
  const ownerReferences = owner ? [{ ...owner, controller: true }] : [];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "web", uid: name, ownerReferences },
    status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

const set = { kind: "ReplicaSet", name: "web-1" };
const flannel = { kind: "DaemonSet", name: "flannel" };
const owed = { kind: "ReplicaSet", apiVersion: "apps/v1", namespace: "web", name: "web-1", ready: 2 };

function workload(kind: string, spec: object, status: object): KubeObject {
  return { apiVersion: "apps/v1", kind, metadata: { name: "web-1", namespace: "web" }, spec, status };
}

test("owners are those whose pods have to leave, each once", () => {
  const pods = [
    pod("a", set),
    pod("b", set),
    pod("c", flannel),
    pod("alone", undefined),
    pod("d", { kind: "Database", name: "db" }),
  ];
  assert.deepEqual(owners(pods), [{ kind: "ReplicaSet", apiVersion: "apps/v1", namespace: "web", name: "web-1" }]);
});

test("a workload is owed what was ready before, not what it wants", () => {
  assert.match(
    stillOwed(owed, workload("ReplicaSet", { replicas: 3 }, { readyReplicas: 1 })) ?? "",
    /web\/web-1 has 1 ready, 2 before/,
  );
  assert.equal(stillOwed(owed, workload("ReplicaSet", { replicas: 3 }, { readyReplicas: 2 })), undefined);
  assert.equal(stillOwed(owed, workload("ReplicaSet", { replicas: 1 }, { readyReplicas: 1 })), undefined);
  assert.equal(stillOwed(owed, workload("ReplicaSet", { replicas: 0 }, {})), undefined);
  assert.equal(stillOwed(owed, undefined), undefined);
});

test("a Job that ended owes nothing", () => {
  const job = { ...owed, kind: "Job", ready: 1 };
  const goesOn = workload("Job", { parallelism: 1 }, { ready: 0 });
  const ended = workload("Job", { parallelism: 1 }, { conditions: [{ type: "Complete", status: "True" }] });
  assert.match(stillOwed(job, goesOn) ?? "", /Job/);
  assert.equal(stillOwed(job, ended), undefined);
});

test("a DaemonSet that was not ready before is not waited for", () => {
  const daemons = readyDaemons([
    pod("c", flannel),
    pod("broken", { kind: "DaemonSet", name: "broken" }, false),
    pod("a", set),
  ]);
  assert.deepEqual(
    daemons.map(({ name }) => name),
    ["flannel"],
  );
  assert.deepEqual(daemonsMissing(daemons, [pod("c", flannel)]), []);
  assert.match(daemonsMissing(daemons, [])[0] ?? "", /web\/flannel: no pod yet/);
  assert.match(daemonsMissing(daemons, [pod("c", flannel, false)])[0] ?? "", /web\/flannel/);
});
