import assert from "node:assert/strict";
import { test } from "node:test";
import { type ControlPlaneInputs, controlPlane } from "../../../provider/handlers/controlPlane";
import { formerMachine, onUnreachable } from "../../../provider/handlers/nodeInputs";

const target = { connection: { host: "10.0.0.1" }, hostKeys: {}, machineId: "m1", address: "10.0.0.1" };
const olds: ControlPlaneInputs = {
  clusterId: "c1",
  clusterName: "prod",
  name: "cp1",
  target,
  reach: { cp1: target },
  endpoint: "10.0.0.1:6443",
  kubernetesVersion: "1.34.4",
  network: { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/16", dnsDomain: "cluster.local", cni: { flannel: {} } },
  labels: {},
  taints: [],
  annotations: {},
};
const refused = (news: Partial<ControlPlaneInputs>) => controlPlane.rules?.({ ...olds, ...news }, olds) ?? [];

test("the same again is accepted", () => assert.deepEqual(refused({}), []));

test("what cannot change in place is refused with the value to keep", () => {
  assert.match(
    refused({ network: { ...olds.network, podCidr: "10.9.0.0/16" } })[0] ?? "",
    /network\.podCidr.*keep 10\.244/,
  );
  assert.match(refused({ target: { ...target, address: "10.0.0.2" } })[0] ?? "", /change its address/);
  assert.match(
    refused({ kubeadm: { clusterConfiguration: { etcd: { local: {} } } } })[0] ?? "",
    /etcd.*not supported yet/,
  );
});

test("arguments of the components, the CNI and the kubelet change in place", () => {
  const extraArgs = [{ name: "v", value: "4" }];
  const clusterConfiguration = { apiServer: { extraArgs }, scheduler: { extraArgs }, controllerManager: { extraArgs } };
  assert.deepEqual(refused({ kubeadm: { clusterConfiguration, kubeletConfiguration: { maxPods: 50 } } }), []);
  assert.deepEqual(refused({ network: { ...olds.network, cni: { flannel: { backend: "host-gw" } } } }), []);
});

test("a missing field is unknown, not taken away", () => {
  assert.deepEqual(
    controlPlane.rules?.({ name: "cp1" }, { ...olds, kubeadm: { clusterConfiguration: { dns: {} } } }),
    [],
  );
});

test("another machine elsewhere is a replacement; one reinstalled in place, or new credentials, are not", () => {
  const replaces = (news: Partial<ControlPlaneInputs>) => controlPlane.replaces?.("target", olds, news);
  const elsewhere = { ...target, machineId: "m2", connection: { host: "10.0.0.9" }, address: "10.0.0.9" };
  assert.equal(replaces({ target: elsewhere }), true);
  assert.equal(replaces({ target: { ...elsewhere, connection: target.connection } }), true);
  assert.equal(
    replaces({ target: { ...target, machineId: "m2", connection: { host: "10.0.0.1", port: 2222 } } }),
    true,
  );
  assert.equal(replaces({ target: { ...target, machineId: "m2" } }), false);
  assert.deepEqual(formerMachine(target, { ...target, machineId: "m2" }), { formerMachine: "m1" });
  assert.deepEqual(formerMachine(target, elsewhere), {});
  assert.equal(replaces({ target: { ...target, connection: { host: "10.0.0.1", user: "ops" } } }), false);
});

test("the environment decides about a dead host for one run", () => {
  assert.equal(onUnreachable(undefined, {}), "stop");
  assert.equal(onUnreachable("forget", {}), "forget");
  assert.equal(onUnreachable("stop", { KUBEADM_ON_UNREACHABLE: "remove" }), "remove");
  assert.throws(() => onUnreachable("stop", { KUBEADM_ON_UNREACHABLE: "yes" }), /stop.*remove.*forget/s);
});
