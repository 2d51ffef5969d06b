import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ClusterPlan,
  cgroupDriverOf,
  clusterDocuments,
  initConfiguration,
  type NodePlan,
  skipsPhase,
} from "../../../provider/kubeadm/configuration";
import { registrationTaints } from "../../../provider/kubeadm/nodeRegistration";
import { documentProblems } from "../../../provider/kubeadm/owned";
import { describe } from "../../../provider/kubeadm/problem";
import type { KubeadmDocuments } from "../../../provider/kubeadm/spec";
import type { KubeadmOverlays } from "../../../provider/kubeadm/types";

const cluster: ClusterPlan = {
  clusterName: "prod",
  kubernetesVersion: "1.34.4",
  controlPlaneEndpoint: "10.0.0.10:6443",
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  dnsDomain: "cluster.local",
  cgroupDriver: "systemd",
};
const cp1: NodePlan = { name: "cp1", role: "controlPlane", addresses: ["10.0.0.11"] };
const problems = (users: KubeadmDocuments) => initConfiguration(cluster, cp1, users).problems.map(describe);

test("a document that contradicts an argument is told so, and which argument to set", () => {
  assert.deepEqual(problems({ clusterConfiguration: { networking: { podSubnet: "10.1.0.0/16" } } }), [
    'kubeadm.clusterConfiguration.networking.podSubnet: is "10.1.0.0/16", but has to be "10.244.0.0/16" (set network.podCidr instead)',
  ]);
});

test("saying the same as an argument is no contradiction", () => {
  const same = { kubernetesVersion: "v1.34.4", controlPlaneEndpoint: "10.0.0.10:6443", kind: "ClusterConfiguration" };
  assert.deepEqual(problems({ clusterConfiguration: same }), []);
  assert.deepEqual(problems({ clusterConfiguration: { kubernetesVersion: "1.34.4" } }), []);
});

test("each thing that is not the document's to say is refused", () => {
  const refused: [KubeadmDocuments, RegExp][] = [
    [{ clusterConfiguration: { kubernetesVersion: "1.33.0" } }, /set kubernetesVersion instead/],
    [{ clusterConfiguration: { controlPlaneEndpoint: null } }, /cannot be taken out/],
    [{ clusterConfiguration: { networking: null } }, /podSubnet: cannot be taken out/],
    [{ clusterConfiguration: { apiVersion: "kubeadm.k8s.io/v1beta3" } }, /v1beta4/],
    [{ clusterConfiguration: { certificatesDir: "/pki" } }, /certificatesDir/],
    [{ clusterConfiguration: { etcd: { external: { endpoints: [] } } } }, /external: not supported yet/],
    [{ clusterConfiguration: { kind: "InitConfiguration" } }, /kind: has to be "ClusterConfiguration"/],
    [{ clusterConfiguration: { scheduler: { extraArgs: { v: "2" } } } }, /scheduler\.extraArgs: has to be a list/],
    [{ initConfiguration: { localAPIEndpoint: { advertiseAddress: "1.1.1.1" } } }, /set address instead/],
    [{ initConfiguration: { nodeRegistration: { name: "x" } } }, /set name instead/],
    [{ initConfiguration: { nodeRegistration: { kubeletExtraArgs: [{ name: "node-ip", value: "" }] } } }, /address/],
    [{ initConfiguration: { certificateKey: "x" } }, /certificateKey: cannot be set/],
    [{ initConfiguration: { dryRun: true } }, /dryRun: cannot be set/],
    [{ joinConfiguration: { controlPlane: null } }, /controlPlane/],
    [{ joinConfiguration: { discovery: { tlsBootstrapToken: "x" } } }, /discovery: cannot be set/],
    [{ kubeletConfiguration: { clusterDomain: "x.y" } }, /set network\.dnsDomain instead/],
    [{ kubeProxyConfiguration: { clusterCIDR: "10.0.0.0/8" } }, /set network\.podCidr instead/],
  ];
  for (const [users, reason] of refused) assert.match(problems(users).join("\n"), reason, JSON.stringify(users));
});

test("a secret in a refused field is not repeated", () => {
  assert.doesNotMatch(problems({ initConfiguration: { certificateKey: "hush" } }).join(), /hush/);
});

test("what is not known yet contradicts nothing", () => {
  assert.deepEqual(documentProblems({ clusterConfiguration: { kubernetesVersion: "1.33.0" } }, {}), []);
});

test("flags that come from other arguments cannot be a node's extra flags", () => {
  const node = { ...cp1, kubeletExtraArgs: { "hostname-override": "x", v: "2" } };
  const found = initConfiguration(cluster, node).problems.map(describe);
  assert.deepEqual(found, [`kubeletExtraArgs: "hostname-override" comes from the node's name; set that instead`]);
});

test("the version in the document has its v, however the user wrote it", () => {
  const users = { clusterConfiguration: { kubernetesVersion: "1.34.4" } };
  assert.equal(clusterDocuments(cluster, users).clusterConfiguration.kubernetesVersion, "v1.34.4");
});

test("a reserved control plane has kubeadm's taint once, a schedulable one and a worker only their own", () => {
  const ours = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;
  const own = { key: "a", effect: "NoExecute" } as const;
  assert.deepEqual(registrationTaints({ role: "controlPlane", taints: [own] }), [ours, own]);
  assert.deepEqual(registrationTaints({ role: "controlPlane", taints: [ours] }), [ours]);
  assert.deepEqual(registrationTaints({ role: "controlPlane", schedulable: true }), []);
  assert.deepEqual(registrationTaints({ role: "worker", taints: [own] }), [own]);
});

test("the user's kubelet configuration decides the cgroup driver", () => {
  assert.equal(cgroupDriverOf(undefined), "systemd");
  assert.equal(cgroupDriverOf({ kubeletConfiguration: { cgroupDriver: "cgroupfs" } }), "cgroupfs");
});

test("phases the user leaves out are found however they are written", () => {
  assert.equal(skipsPhase({}, "addon/coredns"), false);
  assert.equal(skipsPhase({ initConfiguration: { skipPhases: ["addon/coredns"] } }, "addon/coredns"), true);
  assert.equal(skipsPhase({ initConfiguration: { skipPhases: ["addon"] } }, "addon/kube-proxy"), true);
  assert.equal(skipsPhase({ clusterConfiguration: { dns: { disabled: true } } }, "addon/coredns"), true);
  assert.equal(skipsPhase({ clusterConfiguration: { dns: { disabled: true } } }, "addon/kube-proxy"), false);
});

test("what a program may write by its types is what the schemas take", () => {
  const typed: KubeadmOverlays = {
    clusterConfiguration: { apiServer: { extraArgs: [{ name: "v", value: null }] }, scheduler: null, future: 1 },
    kubeletConfiguration: { maxPods: 200, evictionHard: { "memory.available": "5%" }, rotateCertificates: null },
    kubeProxyConfiguration: { conntrack: { maxPerCore: 0 } },
  };
  assert.deepEqual(problems(typed as KubeadmDocuments), []);
});
