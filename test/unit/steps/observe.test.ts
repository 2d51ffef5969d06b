import assert from "node:assert/strict";
import { test } from "node:test";
import { type HostView, parseView, peerView } from "../../../provider/steps/kubeadm/observe";

const claim = (joined: boolean) => JSON.stringify({ format: 1, clusterId: "c1", node: "cp1", joined });

test("a bare host", () => {
  const bare: HostView = {
    claim: undefined,
    parts: [],
    ready: false,
    marker: undefined,
    uid: undefined,
    nodes: [],
    controlPlanes: [],
    removed: {},
    ca: undefined,
  };
  assert.deepEqual(parseView(""), bare);
});

test("a control plane that serves", () => {
  const text = `part /etc/kubernetes/admin.conf
part /var/lib/etcd/member
ca abc
claim ${claim(true)}
ready
marker c1
uid u1
node cp1
node w1
control-plane cp1
removed cp2=
removed cp3=0123abcd
`;
  const view = parseView(text);
  assert.deepEqual(view.parts, ["/etc/kubernetes/admin.conf", "/var/lib/etcd/member"]);
  assert.deepEqual([view.ready, view.marker, view.uid, view.ca], [true, "c1", "u1", "abc"]);
  assert.deepEqual([view.nodes, view.controlPlanes], [["cp1", "w1"], ["cp1"]]);
  assert.equal(view.claim?.joined, true);
  assert.deepEqual(view.removed, { cp2: "", cp3: "0123abcd" });
});

test("an init that has no marker yet has none, not an empty one", () => {
  assert.equal(parseView("ready\nmarker \nuid u1\n").marker, undefined);
});

const view = (text: string) => peerView(parseView(text), "c1");

test("what a peer is to this cluster", () => {
  assert.equal(view("").kind, "empty");
  assert.equal(view(`claim ${claim(false)}`).kind, "empty");
  assert.equal(view("part /etc/kubernetes/pki/ca.crt").kind, "empty");
  assert.equal(view("part /var/lib/etcd/member").kind, "down");
  assert.equal(view(`claim ${claim(true)}`).kind, "down");
  assert.equal(view("ready\nmarker \nuid u1").kind, "unfinished");
  assert.equal(view("ready\nmarker c1\nuid u1").kind, "living");
  assert.equal(view(`claim ${claim(true)}\nready\nmarker \nuid u1`).kind, "living");
  assert.equal(view("ready\nmarker c2\nuid u1").kind, "foreign");
  assert.equal(view(`claim ${claim(true).replace("c1", "c2")}\npart /var/lib/etcd/member`).kind, "empty");
});
