import { test } from "node:test";
import { type AgentFiles, agentFiles } from "../../provider/kubeadm/virtualKubelet/documents";
import { kindOf } from "../../provider/kubeadm/virtualKubelet/names";
import type { Provider } from "../../provider/kubeadm/virtualKubelet/spec";
import { agentUnit } from "../../provider/kubeadm/virtualKubelet/unit";
import { golden, listing } from "./golden";

const device = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDevice";
const jump = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJump";

const providers: Record<string, Provider> = {
  ssh: {
    ssh: {
      connection: {
        host: "10.0.9.7",
        port: 2200,
        user: "plc",
        privateKey: "<the device's key>",
        privateKeyPassword: "<its passphrase>",
        hostKey: device,
        proxy: { host: "10.0.9.1", password: "<the jump host's password>" },
      },
      directory: "/srv/pods",
      logs: { maxSize: "1Mi", maxFiles: 3 },
      timeouts: { dial: 5, call: 20 },
    },
  },
  serial: {
    serial: {
      device: "/dev/ttyUSB0",
      baud: 9600,
      parity: "even",
      stopBits: 2,
      dataBits: 7,
      flowControl: "rtscts",
      timeout: 2,
      retries: 6,
      maxLine: 512,
      pollInterval: 0.5,
    },
  },
  cri: { cri: { logs: { maxSize: "1Mi", maxFiles: 3 } } },
  cluster: {
    cluster: { server: "https://10.1.0.10:6443", ca: "<its authority>", token: "<a token>", namespace: "edge" },
  },
  "cluster-kubeconfig": { cluster: { kubeconfig: "<a kubeconfig>", context: "edge" } },
  "cluster-certificate": {
    cluster: { server: "https://10.1.0.10:6443", clientCertificate: "<a certificate>", clientKey: "<its key>" },
  },
  "cluster-password": { cluster: { server: "https://10.1.0.10:6443", username: "edge", password: "<a password>" } },
  simulated: { simulated: { nodes: 3, cpuMilli: 10, memoryBytes: 1024 } },
};

function filesOf(provider: Provider): AgentFiles {
  return {
    clusterId: "0e3f7a52-0000-4000-8000-000000000000",
    clusterName: "prod",
    name: "press-7",
    endpoint: "10.0.0.10:8443",
    provider,
    ...(provider.cluster || provider.simulated ? {} : { capacity: { cpu: "4", memory: "2Gi", pods: 5 } }),
    labels: { site: "hall-2", "topology.kubernetes.io/zone": "z1" },
    annotations: { "example.com/owner": "team-a" },
    taints: [{ key: "dedicated", value: "plc", effect: "NoExecute" }],
    address: "10.0.0.21",
    port: 10300,
    healthPort: 10400,
    ca: "<the cluster's authority>\n",
    deviceKeys: { "10.0.9.1:22": jump, "[10.0.9.7]:2200": "ignored" },
  };
}

for (const [name, provider] of Object.entries(providers)) {
  test(`a node agent's files: ${name}`, () => {
    const kind = kindOf(provider);
    const unit = agentUnit({
      name: "press-7",
      kind: kind ?? "ssh",
      sha256: "0".repeat(64),
      device: provider.serial?.device,
    });
    golden(`virtual-kubelet-${name}`, listing([...agentFiles(filesOf(provider)), unit]));
  });
}
