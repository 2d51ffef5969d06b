import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  annotationProblems,
  labelProblems,
  nodeNameProblems,
  registrationLabels,
  taintProblems,
} from "../../../provider/kubeadm/names";

test("node names are DNS names of one label value's length", () => {
  for (const name of ["a", "w1", "node-1.rack-2.example", "0", "x".repeat(63)]) {
    assert.deepEqual(nodeNameProblems(name, "name"), [], name);
  }
  for (const name of [
    "",
    "W1",
    "-a",
    "a-",
    "a..b",
    "a_b",
    "a.",
    "x".repeat(64),
    `${"x".repeat(60)}.${"y".repeat(60)}`,
  ]) {
    assert.equal(nodeNameProblems(name, "name").length, 1, name);
  }
});

test("a name that is accepted can be a label's value", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[-a-z0-9.]{1,70}$/), (name) => {
      if (nodeNameProblems(name, "name").length === 0) assert.deepEqual(labelProblems({ node: name }, "labels"), []);
    }),
  );
});

test("labels are checked key by key and value by value", () => {
  assert.deepEqual(labelProblems({ pool: "general", "example.com/tier": "", "a.b_C-d": "1.2_3-X" }, "labels"), []);
  const wrong = { "a/b/c": "", "-a": "", "Example.com/a": "", a: "-", b: "x".repeat(64), "": "" };
  assert.equal(labelProblems(wrong, "labels").length, Object.keys(wrong).length);
});

test("what kubelet and kubeadm set themselves is refused", () => {
  const labels = { "kubernetes.io/hostname": "x", "node-role.kubernetes.io/control-plane": "" };
  const problems = labelProblems(labels, "workers.w1.labels");
  assert.deepEqual(
    problems.map(({ path, reason }) => `${path}: ${reason}`),
    [
      'workers.w1.labels: "kubernetes.io/hostname" is set by the kubelet itself',
      'workers.w1.labels: "node-role.kubernetes.io/control-plane" is set by kubeadm itself',
    ],
  );
});

test("annotations have keys like labels', in any case, and values of any kind", () => {
  assert.deepEqual(annotationProblems({ "Example.com/Owner": "somebody, somewhere\n" }, "annotations"), []);
  assert.equal(annotationProblems({ "a b": "" }, "annotations").length, 1);
});

test("taints are checked and named once", () => {
  const good = [
    { key: "dedicated", value: "db", effect: "NoSchedule" },
    { key: "dedicated", value: "db", effect: "NoExecute" },
  ] as const;
  assert.deepEqual(taintProblems(good, "taints"), []);
  assert.match(taintProblems([...good, good[0]], "taints")[0]?.reason ?? "", /given twice/);
  assert.equal(taintProblems([{ key: "a b", effect: "NoSchedule" }], "taints").length, 1);
  assert.match(
    taintProblems([{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }], "taints")[0]?.reason ?? "",
    /from the node's state/,
  );
});

test("a kubelet registers with the labels that NodeRestriction lets it set, and none it would restore", () => {
  const kept = { pool: "a", "example.com/x": "b", "node.kubernetes.io/pool": "c", "x.kubelet.kubernetes.io/y": "d" };
  const held = {
    "node-role.kubernetes.io/worker": "",
    "topology.kubernetes.io/zone": "a",
    "node.kubernetes.io/instance-type": "big",
    "node-restriction.kubernetes.io/team": "a",
    "k8s.io/x": "a",
  };
  assert.deepEqual(registrationLabels({ ...kept, ...held }), kept);
});
