import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { keepMarks, probeOf, samePod, withMark } from "../../../provider/steps/kubeadm/staticPodManifest";
import { parseProcesses, type Running } from "../../../provider/steps/kubeadm/staticPodState";
import { isProven, type Seen } from "../../../provider/steps/kubeadm/staticPods";

const manifest = (probe: string, ports = "") => `metadata:
  annotations:
    kubeadm.kubernetes.io/x: "1"
spec:
  containers:
  - name: c
${ports}    ${probe}
`;

test("where a component answers is read from its manifest, as the kubelet does", () => {
  const api = "readinessProbe: {httpGet: {host: 10.0.0.11, path: /readyz, port: 6443, scheme: HTTPS}}";
  assert.deepEqual(probeOf(manifest(api)), { server: "https://10.0.0.11:6443", path: "/readyz" });
  const named = "livenessProbe: {httpGet: {host: 127.0.0.1, path: /livez, port: probe-port, scheme: HTTP}}";
  const ports = "    ports:\n    - {name: probe-port, containerPort: 2381}\n";
  assert.deepEqual(probeOf(manifest(named, ports)), { server: "http://127.0.0.1:2381", path: "/livez" });
  const six = "livenessProbe: {httpGet: {host: 'fd00::1', path: /healthz, port: 1, scheme: HTTPS}}";
  assert.equal(probeOf(manifest(six))?.server, "https://[fd00::1]:1");
  assert.equal(probeOf(manifest("image: x")), undefined);
});

test("marks of ours survive kubeadm writing the manifest anew, others do not", () => {
  const former = withMark(manifest("image: old"), "files", "a=1");
  const kept = keepMarks(manifest("image: new"), former);
  const { metadata } = parse(kept) as { metadata: { annotations: Record<string, string> } };
  assert.deepEqual(metadata.annotations, { "kubeadm.kubernetes.io/x": "1", "pulumi-kubeadm/files": "a=1" });
  assert.equal(keepMarks("metadata: {}", ""), "metadata: {}");
});

test("a manifest that only looks different is the same pod", () => {
  assert.ok(samePod("a: 1\nb: [x]", "b:\n- x\na: 1\n"));
  assert.ok(!samePod("a: 1", ""));
});

const running = (pid: string, pod: string): Running => ({ name: "kube-apiserver", pid, started: 1, pod });
const seen = (more: Partial<Seen>): Seen => ({
  running: [running("7", "new")],
  still: [running("7", "new")],
  healthy: ["kube-apiserver"],
  wanted: new Map([["kube-apiserver", "new"]]),
  ...more,
});

test("a change is proven by one process, of the pod the kubelet wants, that answered", () => {
  const before = [running("3", "old")];
  assert.ok(isProven("kube-apiserver", seen({}), before));
  assert.ok(!isProven("kube-apiserver", seen({ healthy: [] }), before));
  assert.ok(!isProven("kube-apiserver", seen({ wanted: undefined }), before));
  assert.ok(!isProven("kube-apiserver", seen({ wanted: new Map([["kube-apiserver", "newer"]]) }), before));
  assert.ok(!isProven("kube-apiserver", seen({ running: [running("3", "old"), running("7", "new")] }), before));
  assert.ok(!isProven("kube-apiserver", seen({ still: [running("8", "new")] }), before), "it crashed in between");
  assert.ok(!isProven("kube-apiserver", seen({}), [running("7", "new")]), "the kubelet has not seen the change");
});

test("processes are read one by line", () => {
  assert.deepEqual(parseProcesses("etcd 12 1700000000 abc\n\nkube-scheduler 13 17 \n"), [
    { name: "etcd", pid: "12", started: 1_700_000_000, pod: "abc" },
  ]);
});
