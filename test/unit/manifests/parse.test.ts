import assert from "node:assert/strict";
import { test } from "node:test";
import { parseManifests } from "../../../provider/manifests/parse";

const named = (kind: string, name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind,
  metadata: { name, ...more },
});

test("objects, documents and lists become one list of objects in their order", () => {
  const yaml = `# a comment
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
`;
  const { objects, problems } = parseManifests([yaml, named("ConfigMap", "d")]);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    objects.map((object) => object.metadata.name),
    ["a", "b", "c", "d"],
  );
});

test("YAML means what it means to kubectl", () => {
  const [object] = parseManifests([
    "{apiVersion: v1, kind: X, metadata: {name: a}, mode: 0644, on: yes, time: 1:30, day: 2001-01-01, text: '0644'}",
  ]).objects;
  assert.deepEqual(
    { ...object, metadata: undefined },
    {
      apiVersion: "v1",
      kind: "X",
      metadata: undefined,
      mode: 0o644,
      true: true,
      time: "1:30",
      day: "2001-01-01",
      text: "0644",
    },
  );
});

test("all problems at once, each with its place", () => {
  const { problems } = parseManifests([
    { kind: "ConfigMap" },
    named("ConfigMap", "a"),
    "just text",
    named("ConfigMap", "a", { namespace: "default" }),
  ]);
  assert.deepEqual(problems, [
    "manifests[0]: apiVersion is missing",
    "manifests[0]: metadata.name is missing",
    "manifests[2]: is not an object",
    "manifests[3]: the same object as manifests[1]: ConfigMap a",
  ]);
});

test("a generated name is refused", () => {
  const { problems } = parseManifests([{ apiVersion: "v1", kind: "Pod", metadata: { generateName: "a-" } }]);
  assert.match(problems.join(), /generateName/);
});

test("broken YAML is told by line and column, never by its content", () => {
  const { problems } = parseManifests(["apiVersion: v1\nkind: Secret\nstringData: {password: hunter2, : [\n"]);
  assert.match(problems.join(), /manifests\[0\]: not YAML at line \d+, column \d+/);
  assert.doesNotMatch(problems.join(), /hunter2/);
});

test("the same name in another namespace, kind or group is another object", () => {
  const objects = [
    named("ConfigMap", "a"),
    named("ConfigMap", "a", { namespace: "b" }),
    named("Secret", "a"),
    { ...named("ConfigMap", "a"), apiVersion: "x.io/v1" },
  ];
  assert.deepEqual(parseManifests(objects).problems, []);
  assert.equal(parseManifests([...objects, { ...named("ConfigMap", "a"), apiVersion: "x.io/v2" }]).problems.length, 1);
});
