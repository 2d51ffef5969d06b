import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import type { KubeObject } from "../../../provider/host/kubeObject";
import {
  type Aside,
  asideAnnotation,
  asideOf,
  clearAside,
  putAside,
  takeBack,
} from "../../../provider/steps/upgrade/aside";
import { type Asked, fakeHost } from "../kubectl/fakeHost";

const owed = (name: string, ready = 1) => ({
  kind: "ReplicaSet",
  apiVersion: "apps/v1",
  namespace: "web",
  name,
  ready,
});

/** One Node, patched as the API would. */
function cluster(unschedulable: boolean, aside?: Aside | string) {
  const text = typeof aside === "string" ? aside : JSON.stringify(aside);
  const annotations: Record<string, string> = aside === undefined ? {} : { [asideAnnotation]: text };
  const spec: { unschedulable?: boolean } = unschedulable ? { unschedulable } : {};
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "w1", annotations }, spec };
  const answer = ({ argv, stdin }: Asked) => {
    if (argv[0] !== "patch") return node;
    const patch = JSON.parse(stdin ?? "{}") as {
      metadata: { annotations: Record<string, string | null> };
      spec: object;
    };
    for (const [key, value] of Object.entries(patch.metadata.annotations)) {
      if (value === null) delete annotations[key];
      else annotations[key] = value;
    }
    if ("unschedulable" in patch.spec) {
      if (patch.spec.unschedulable === null) delete spec.unschedulable;
      else spec.unschedulable = true;
    }
    return node;
  };
  return { kubectl: new Kubectl(fakeHost(answer)), node: node as KubeObject, spec, annotations };
}

test("a cordon of ours is made with its mark and goes before what is owed", async () => {
  const { kubectl, node, spec, annotations } = cluster(false);
  await putAside(kubectl, node, { moved: [owed("a", 2)], daemons: [] });
  assert.equal(spec.unschedulable, true);
  assert.deepEqual(asideOf(node), { cordoned: true, moved: [owed("a", 2)], daemons: [] });
  await takeBack(kubectl, "w1");
  assert.equal(spec.unschedulable, undefined);
  assert.deepEqual(asideOf(node)?.moved, [owed("a", 2)]);
  await clearAside(kubectl, "w1");
  assert.deepEqual(annotations, {});
});

test("a user's cordon stays", async () => {
  const { kubectl, node, spec } = cluster(true);
  await putAside(kubectl, node, { moved: [], daemons: [] });
  await takeBack(kubectl, "w1");
  await clearAside(kubectl, "w1");
  assert.equal(spec.unschedulable, true);
  assert.equal(asideOf(node), undefined);
});

test("after a kill the cordon is still ours, and the first count is the one that counts", async () => {
  const { kubectl, node, spec } = cluster(true, { cordoned: true, moved: [owed("a", 2)], daemons: [] });
  await putAside(kubectl, node, { moved: [owed("a", 1), owed("b")], daemons: [] });
  assert.deepEqual(asideOf(node)?.moved, [owed("a", 2), owed("b")]);
  await clearAside(kubectl, "w1");
  assert.equal(spec.unschedulable, undefined);
});

test("a mark that somebody wrote over still says whose cordon it is", () => {
  assert.equal(asideOf(cluster(true, "rubbish").node)?.cordoned, true);
});
