import assert from "node:assert/strict";
import { test } from "node:test";
import { isWaitedFor, readiness } from "../../../provider/manifests/readiness";

const object = (apiVersion: string, kind: string, spec: object, status: object, generation = 2) => ({
  apiVersion,
  kind,
  metadata: { name: "a", generation },
  spec,
  status,
});
const condition = (type: string, status: string, more: object = {}) => ({ conditions: [{ type, status, ...more }] });
const seen = { observedGeneration: 2 };

const cases: [string, ReturnType<typeof object>, RegExp | undefined, boolean?][] = [
  [
    "a whole Deployment",
    object(
      "apps/v1",
      "Deployment",
      { replicas: 2 },
      { ...seen, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    ),
    undefined,
  ],
  ["a Deployment of none", object("apps/v1", "Deployment", { replicas: 0 }, seen), undefined],
  ["a Deployment nobody looked at", object("apps/v1", "Deployment", { replicas: 0 }, {}), /not seen/],
  [
    "an old status",
    object(
      "apps/v1",
      "Deployment",
      { replicas: 1 },
      { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
    ),
    /not seen/,
  ],
  [
    "old pods",
    object(
      "apps/v1",
      "Deployment",
      { replicas: 1 },
      { ...seen, replicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    ),
    /1 old pods/,
  ],
  [
    "new pods missing",
    object(
      "apps/v1",
      "Deployment",
      { replicas: 2 },
      { ...seen, replicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    ),
    /1 of 2 pods are of the new kind/,
  ],
  [
    "pods not available",
    object(
      "apps/v1",
      "Deployment",
      { replicas: 2 },
      { ...seen, replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
    ),
    /1 of 2 pods are available/,
  ],
  [
    "no progress",
    object(
      "apps/v1",
      "Deployment",
      {},
      { ...seen, ...condition("Progressing", "False", { reason: "ProgressDeadlineExceeded", message: "timed out" }) },
    ),
    /timed out/,
    true,
  ],
  ["a DaemonSet without nodes", object("apps/v1", "DaemonSet", {}, { ...seen, desiredNumberScheduled: 0 }), undefined],
  [
    "a DaemonSet half-way",
    object(
      "apps/v1",
      "DaemonSet",
      {},
      { ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
    ),
    /1 of 2/,
  ],
  [
    "a DaemonSet with old pods",
    object(
      "apps/v1",
      "DaemonSet",
      {},
      { ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 },
    ),
    /new kind/,
  ],
  [
    "old pods of a DaemonSet that may keep them",
    object(
      "apps/v1",
      "DaemonSet",
      { updateStrategy: { type: "OnDelete" } },
      { ...seen, desiredNumberScheduled: 2, numberAvailable: 2 },
    ),
    undefined,
  ],
  [
    "a StatefulSet",
    object(
      "apps/v1",
      "StatefulSet",
      { replicas: 2 },
      { ...seen, readyReplicas: 2, currentRevision: "a", updateRevision: "a" },
    ),
    undefined,
  ],
  [
    "a StatefulSet that rolls",
    object(
      "apps/v1",
      "StatefulSet",
      { replicas: 2 },
      { ...seen, readyReplicas: 2, updatedReplicas: 1, currentRevision: "a", updateRevision: "b" },
    ),
    /1 of 2/,
  ],
  [
    "a StatefulSet rolled to its partition",
    object(
      "apps/v1",
      "StatefulSet",
      { replicas: 2, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } },
      { ...seen, readyReplicas: 2, updatedReplicas: 1, currentRevision: "a", updateRevision: "b" },
    ),
    undefined,
  ],
  ["a Job that is done", object("batch/v1", "Job", {}, condition("Complete", "True")), undefined],
  ["a Job that runs", object("batch/v1", "Job", {}, {}), /0 pods have succeeded/],
  [
    "a Job that failed",
    object("batch/v1", "Job", {}, condition("Failed", "True", { message: "backoff" })),
    /backoff/,
    true,
  ],
  ["a suspended Job", object("batch/v1", "Job", { suspend: true }, {}), undefined],
  ["a Pod", object("v1", "Pod", {}, condition("Ready", "True")), undefined],
  ["a Pod that is done", object("v1", "Pod", {}, { phase: "Succeeded" }), undefined],
  ["a Pod that failed", object("v1", "Pod", {}, { phase: "Failed", reason: "Evicted" }), /Evicted/, true],
  ["a Namespace on its way out", object("v1", "Namespace", {}, { phase: "Terminating" }), /Terminating/],
  [
    "a definition",
    object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {}, condition("Established", "True")),
    undefined,
  ],
  [
    "a definition whose names are taken",
    object(
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      {},
      condition("NamesAccepted", "False", { message: "conflict" }),
    ),
    /taken/,
    true,
  ],
  [
    "an APIService",
    object("apiregistration.k8s.io/v1", "APIService", {}, condition("Available", "False", { message: "no endpoints" })),
    /no endpoints/,
  ],
  ["somebody's own Deployment", object("x.io/v1", "Deployment", {}, {}), undefined],
];
for (const [what, given, missing, final] of cases) {
  test(`${what} is ${missing ? `not ready${final ? " and never will be" : ""}` : "ready"}`, () => {
    const verdict = readiness(given);
    if (missing) assert.match(verdict.missing ?? "", missing);
    else assert.equal(verdict.missing, undefined);
    assert.equal(verdict.final ?? false, final ?? false);
  });
}

test("only kinds with something to wait for are waited for", () => {
  assert.equal(isWaitedFor({ apiVersion: "apps/v1", kind: "Deployment" }), true);
  assert.equal(isWaitedFor({ apiVersion: "v1", kind: "PersistentVolumeClaim" }), false);
  assert.equal(isWaitedFor({ apiVersion: "x.io/v1", kind: "Pod" }), false);
});
