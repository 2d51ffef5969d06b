import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { RefusedError } from "../../../provider/lib/errors";
import { apiServerVersions, refuseAhead } from "../../../provider/steps/upgrade/apiServers";
import { fakeHost, unavailable } from "../kubectl/fakeHost";

/** Two API servers: c1 answers for itself, c2 may be down. */
function cluster(second: string | undefined) {
  const pod = (node: string, address: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `kube-apiserver-${node}`,
      annotations: { "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": `${address}:6443` },
    },
    spec: { nodeName: node, containers: [{ image: "registry.k8s.io/kube-apiserver:v1.33.13" }] },
  });
  return new Kubectl(
    fakeHost(({ all, argv }) => {
      if (argv[1] === "pods")
        return { kind: "List", apiVersion: "v1", items: [pod("c1", "10.0.0.1"), pod("c2", "10.0.0.2")] };
      const version = all.includes("https://10.0.0.2:6443") ? second : "v1.34.4";
      return version === undefined ? unavailable : { gitVersion: version };
    }),
  );
}

test("each API server says itself what it is; one that does not answer is what its pod was", async () => {
  assert.deepEqual(await apiServerVersions(cluster("v1.34.4")), [
    { node: "c1", version: "v1.34.4" },
    { node: "c2", version: "v1.34.4" },
  ]);
  assert.deepEqual((await apiServerVersions(cluster(undefined)))[1], { node: "c2", version: "v1.33.13" });
});

test("no kubelet goes ahead of any API server", async () => {
  await refuseAhead(cluster("v1.34.4"), "w1", "1.34.4");
  await assert.rejects(
    refuseAhead(cluster("v1.33.13"), "w1", "1.34.4"),
    (error) => error instanceof RefusedError && /c2 \(v1\.33\.13\)/.test(error.message),
  );
  await assert.rejects(refuseAhead(cluster(undefined), "w1", "1.34.4"), RefusedError);
});
