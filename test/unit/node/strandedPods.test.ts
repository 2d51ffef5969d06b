import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { endStranded, silentNodes } from "../../../provider/steps/node/strandedPods";
import { type Answer, type Asked, fakeHost } from "../kubectl/fakeHost";

const node = (name: string, status: string) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name },
  status: { conditions: [{ type: "Ready", status }] },
});
const nodes = [node("dead", "Unknown"), node("sick", "False"), node("well", "True")];
const pod = (name: string, nodeName: string, ending: boolean) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    namespace: "web",
    uid: `u-${name}`,
    ...(ending ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  },
  spec: { nodeName },
});

test("only the cluster's own word makes a node silent", () => {
  assert.deepEqual([...silentNodes(nodes)], ["dead"]);
});

test("pods are given up where they were to end and nobody is left to end them", async () => {
  const pods = [pod("a", "dead", true), pod("b", "dead", false), pod("c", "sick", true), pod("d", "well", true)];
  const deleted: string[] = [];
  const answer = ({ argv, stdin = "" }: Asked): Answer => {
    const [verb, what] = argv;
    if (verb === "delete") {
      deleted.push(`${argv.find((word) => word.startsWith("/api"))} ${JSON.parse(stdin).gracePeriodSeconds}`);
      return "{}";
    }
    if (what === "--raw") return { resources: [{ name: "pods", kind: "Pod", namespaced: true }] };
    return { apiVersion: "v1", kind: "List", items: what === "pods" ? pods : nodes };
  };
  const warnings: string[] = [];
  const progress = { say: () => {}, warn: (text: string) => void warnings.push(text) };
  await endStranded(new Kubectl(fakeHost(answer)), "web", progress);
  assert.deepEqual(deleted, ["/api/v1/namespaces/web/pods/a 0"]);
  assert.match(warnings.join(), /web\/a: .*dead does not report/);
});
