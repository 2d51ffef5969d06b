import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ClusterPlan,
  type Configuration,
  initConfiguration,
  joinConfiguration,
  type NodePlan,
} from "../../provider/kubeadm/configuration";
import { golden } from "./golden";

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
const w1: NodePlan = { name: "w1", role: "worker", addresses: ["10.0.0.21"] };
const discoveryFile = "/run/pulumi-kubeadm/discovery.conf";
const certificateKey = "0".repeat(64);

function accepted(name: string, configuration: Configuration): void {
  assert.deepEqual(configuration.problems, []);
  golden(name, configuration.yaml);
}

test("the first control plane, with nothing but what is needed", () => {
  accepted("init-plain", initConfiguration(cluster, cp1));
});

test("the first of several control planes keeps its certificates for the others and holds CoreDNS back", () => {
  const options = { certificateKey, skipPhases: ["addon/coredns"] };
  const shared = { ...cluster, certSANs: ["api.example.com"], imageRepository: "registry.example.com/k8s" };
  accepted("init-first-of-three", initConfiguration(shared, cp1, {}, options));
});

test("a control plane that is a worker too has no taint but the user's", () => {
  const node: NodePlan = {
    ...cp1,
    schedulable: true,
    taints: [{ key: "dedicated", value: "db", effect: "NoSchedule" }],
    labels: { pool: "general", "topology.kubernetes.io/zone": "a", "node-role.kubernetes.io/worker": "" },
    providerId: "metal://rack-1/7",
    kubeletExtraArgs: { v: "4" },
    ignorePreflightErrors: ["NumCPU"],
  };
  accepted("init-schedulable", initConfiguration(cluster, node));
});

test("with both families the node has an address of each", () => {
  const dual = { ...cluster, podCidr: "10.244.0.0/16,fd00:10:244::/56", serviceCidr: "10.96.0.0/16,fd00:10:96::/112" };
  const node = { ...cp1, addresses: ["10.0.0.11", "fd00::11"] };
  accepted("init-dual-stack", initConfiguration(dual, node));
});

test("files on control planes and the user's documents are merged over", () => {
  const files = ["/etc/kubernetes/policies/audit.yaml", "/etc/kubernetes/encryption.yaml"];
  const users = {
    clusterConfiguration: {
      apiServer: {
        extraArgs: [{ name: "audit-policy-file", value: "/etc/kubernetes/policies/audit.yaml" }],
        extraVolumes: [{ name: "audit-logs", hostPath: "/var/log/audit", mountPath: "/var/log/audit" }],
      },
      networking: { podSubnet: "10.244.0.0/16" },
      kubernetesVersion: "1.34.4",
    },
    initConfiguration: {
      skipPhases: ["addon/kube-proxy"],
      nodeRegistration: { kubeletExtraArgs: [{ name: "v", value: "2" }], imagePullPolicy: "Never" },
    },
    kubeletConfiguration: { rotateCertificates: null, maxPods: 200, failCgroupV1: false },
    kubeProxyConfiguration: { mode: "nftables", conntrack: { maxPerCore: 0 } },
  };
  const node = { ...cp1, kubeletExtraArgs: { v: "4", "max-open-files": "100000" } };
  accepted("init-merged", initConfiguration({ ...cluster, files }, node, users, { skipPhases: ["addon/coredns"] }));
});

test("a worker joins by a discovery file", () => {
  const node: NodePlan = { ...w1, taints: [{ key: "gpu", effect: "NoExecute" }], labels: { pool: "gpu" } };
  accepted("join-worker", joinConfiguration(cluster, node, {}, { discoveryFile }));
});

test("a further control plane joins with the certificate key", () => {
  const node: NodePlan = { ...cp1, name: "cp2", addresses: ["10.0.0.12"], patchesDirectory: "/etc/kubernetes/patches" };
  accepted("join-control-plane", joinConfiguration(cluster, node, {}, { discoveryFile, certificateKey }));
});

test("what a document for all nodes says of control planes does not make a worker one", () => {
  const users = { joinConfiguration: { controlPlane: { localAPIEndpoint: { bindPort: 7443 } } } };
  const worker = joinConfiguration(cluster, w1, users, { discoveryFile });
  const plane = joinConfiguration(cluster, { ...cp1, name: "cp2" }, users, { discoveryFile, certificateKey });
  assert.equal(worker.documents[0]?.controlPlane, undefined);
  assert.deepEqual(plane.documents[0]?.controlPlane, {
    localAPIEndpoint: { advertiseAddress: "10.0.0.11", bindPort: 7443 },
    certificateKey,
  });
});
