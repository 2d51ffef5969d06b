// An edge machine with containerd and no kubelet as a node: its containers are pods. What it needs is in docs/virtual-nodes.
import * as pulumi from "@pulumi/pulumi";
import * as kubeadm from "pulumi-kubeadm";

const config = new pulumi.Config();

const cluster = new kubeadm.K8sCluster("plant", {
  kubernetesVersion: config.get("kubernetesVersion") ?? "1.34.4",
  connection: { user: "root", privateKey: config.requireSecret("sshPrivateKey") },
  controlPlanes: { cp1: { connection: { host: config.require("controlPlane") }, worker: true } },
});

// The agent runs on the edge machine itself, beside the runtime whose socket it uses.
const edge = new kubeadm.VirtualKubeletNode("edge-1", {
  cluster,
  runsOn: { connection: { host: config.require("edge") } },
  provider: { cri: { logs: { maxSize: "1Mi", maxFiles: 3 } } },
  capacity: { cpu: "2", memory: "1Gi", pods: 10 },
  labels: { site: "hall-2" },
});

// In the machine's own network, so that it needs no CNI there.
const gateway = { name: "gateway", namespace: "default" };
new kubeadm.Addon("gateway", {
  cluster,
  manifests: [
    { apiVersion: "v1", kind: "ConfigMap", metadata: gateway, data: { line: "press-7" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: gateway,
      spec: {
        selector: { matchLabels: { app: "gateway" } },
        template: {
          metadata: { labels: { app: "gateway" } },
          spec: {
            nodeSelector: { "kubernetes.io/hostname": edge.nodeName },
            tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Exists" }],
            hostNetwork: true,
            containers: [
              {
                name: "gateway",
                image: config.require("image"),
                command: ["sh", "-c", 'while true; do echo "listening to $(cat /etc/gateway/line)"; sleep 10; done'],
                resources: { limits: { cpu: "100m", memory: "32Mi" } },
                volumeMounts: [{ name: "gateway", mountPath: "/etc/gateway" }],
              },
            ],
            volumes: [{ name: "gateway", configMap: { name: "gateway" } }],
          },
        },
      },
    },
  ],
});

export const kubeconfig = cluster.kubeconfig;
