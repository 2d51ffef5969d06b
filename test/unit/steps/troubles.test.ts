import assert from "node:assert/strict";
import { test } from "node:test";
import { remedyFor } from "../../../provider/steps/kubeadm/troubles";

const known: [string, RegExp][] = [
  ["[ERROR Port-10250]: Port 10250 is in use", /port/],
  ['expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups', /cgroup drivers/],
  ["kubelet is configured to not run on a host using cgroup v1", /failCgroupV1/],
  ["[ERROR ImagePull]: failed to pull image registry.k8s.io/pause:3.10.1", /image/],
  ["[ERROR Swap]: running with swap on is not supported", /swap/],
  ["validate CRI v1 runtime API for endpoint: unknown service runtime.v1.RuntimeService", /containerd/],
  ["x509: certificate has expired or is not yet valid", /clocks/],
  ['Get "https://10.0.0.1:6443/": dial tcp 10.0.0.1:6443: connect: no route to host', /does not reach/],
];

for (const [output, remedy] of known)
  test(`known trouble: ${output.slice(0, 50)}`, () => assert.match(remedyFor(output) ?? "", remedy));

test("an unknown one is left to speak for itself", () => {
  assert.equal(remedyFor("error: something new"), undefined);
});
