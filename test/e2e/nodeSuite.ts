// What the virtual-kubelet library's own end-to-end suite asks of a node, with pods that its place can run; its two tests of figures go
// through the API server's proxy of nodes.
import assert from "node:assert/strict";
import { it } from "node:test";
import { eventually } from "../support/patience";
import { Suite, type SuitePlace } from "../support/suite";
import type { Loose } from "../support/workstation";

export interface NodeSuiteOptions {
  /** Why the place has no figures here. */
  noFigures?: string | false;
}

export function nodeSuite(node: string, at: () => SuitePlace, { noFigures = false }: NodeSuiteOptions = {}): void {
  const suite = (): Suite => new Suite(node, at());
  const named = (name: string): string => `${name}-${node}`;

  it(`${node} lists its own pods and no others`, async () => {
    const on = suite();
    const name = named("listed");
    const pod = await on.create({ name });
    await on.ready(name);
    assert.ok((await on.api.pods()).includes(pod.metadata.uid));
    await on.remove(name, "--force");
  });

  it(`${node} tells what a pod and each of its containers uses`, { skip: noFigures }, async () => {
    const on = suite();
    const { api } = on;
    const containers = ["foo", "bar", "baz"];
    const { metadata } = await on.create({ name: named("figures"), containers });
    await on.ready(metadata.name);
    const found = await eventually(`figures of ${metadata.name}`, async () => {
      const summary = await api.summary();
      assert.equal(summary.node.nodeName, node);
      return summary.pods.find(({ podRef }: Loose) => podRef.uid === metadata.uid);
    });
    assert.deepEqual(found.containers.map(({ name }: Loose) => name).sort(), [...containers].sort());
    const ofPod = ({ namespace, pod }: Record<string, string>) =>
      namespace === metadata.namespace && pod === metadata.name;
    assert.equal((await api.resourceLabels("pod_cpu_usage_seconds_total")).filter(ofPod).length, 1);
    const counted = (await api.resourceLabels("container_cpu_usage_seconds_total")).filter(ofPod);
    assert.deepEqual(counted.map(({ container }) => container).sort(), [...containers].sort());
    await on.remove(metadata.name, "--force");
  });

  it(`${node} ends a deleted pod with its grace`, async () => {
    const on = suite();
    const { api } = on;
    const { metadata } = await on.create({ name: named("graceful") });
    await on.ready(metadata.name);
    assert.ok((await api.runningPods()).includes(metadata.uid));
    await on.remove(metadata.name, "--wait=false");
    const ending = await on.pod(metadata.name);
    assert.ok(ending.metadata.deletionGracePeriodSeconds > 0);
    await on.gone(metadata.name);
    assert.ok(!(await api.runningPods()).includes(metadata.uid));
  });

  it(`${node} ends a pod that is deleted by force`, async () => {
    const on = suite();
    const { api } = on;
    const { metadata } = await on.create({ name: named("forced") });
    await on.ready(metadata.name);
    await on.remove(metadata.name, "--force");
    await eventually("its end", async () => !(await api.runningPods()).includes(metadata.uid));
    await on.gone(metadata.name);
  });

  for (const [what, kind] of [
    ["Secret", "secretKeyRef"],
    ["ConfigMap", "configMapKeyRef"],
  ] as const)
    references(node, suite, what, kind);
}

/** Pods that name something which is not there. */
function references(node: string, suite: () => Suite, what: string, kind: string): void {
  const env = (optional: boolean) => [
    { name: "ABSENT", valueFrom: { [kind]: { name: "absent", key: "none", optional } } },
  ];

  it(`${node} runs a pod whose optional ${what} is not there, and says so`, async () => {
    const on = suite();
    const name = `optional-${what.toLowerCase()}-${node}`;
    const pod = await on.create({ name, env: env(true) });
    await on.ready(name);
    await on.event(pod, `Optional${what}NotFound`);
    assert.ok((await on.api.runningPods()).includes(pod.metadata.uid));
    await on.remove(name, "--force");
  });

  it(`${node} does not run a pod whose ${what} is not there`, async () => {
    const on = suite();
    const name = `mandatory-${what.toLowerCase()}-${node}`;
    const pod = await on.create({ name, env: env(false) });
    await on.event(pod, `Mandatory${what}NotFound`);
    assert.ok(!(await on.api.runningPods()).includes(pod.metadata.uid));
    // Events and statuses go to the API by ways of their own.
    await eventually(`the reason of ${name}`, async () => {
      const [{ state }] = (await on.pod(name)).status.containerStatuses ?? [{}];
      return state?.waiting.reason === "CreateContainerConfigError";
    });
    await on.remove(name, "--force");
  });
}
