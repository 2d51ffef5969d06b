import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { withFileDigests } from "../../../provider/steps/kubeadm/mountedFiles";

const manifest = `apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 10.0.0.1:6443
spec:
  volumes:
  - hostPath:
      path: /etc/kubernetes/audit.yaml
    name: file-0
  - hostPath:
      path: /etc/encryption
    name: more
`;
const audit = "/etc/kubernetes/audit.yaml";
const digests = { [audit]: "a".repeat(64), "/etc/other": "b".repeat(64) };
const mark = (text: string) =>
  (parse(text) as { metadata?: { annotations?: Record<string, string> } }).metadata?.annotations?.[
    "pulumi-kubeadm/files"
  ];

test("a changed file marks the pods that mount it", () => {
  const marked = withFileDigests(manifest, { digests, due: [audit] });
  assert.equal(mark(marked), `${audit}=${"a".repeat(16)}`);
  assert.ok(marked.includes("advertise-address.endpoint: 10.0.0.1:6443"));
});

test("a directory that holds the file counts as well", () => {
  const path = "/etc/encryption/config.yaml";
  assert.ok(mark(withFileDigests(manifest, { digests: { [path]: "c".repeat(64) }, due: [path] })));
});

test("pods that mount no changed file are left alone", () => {
  assert.equal(withFileDigests(manifest, { digests, due: ["/etc/other"] }), manifest);
});
