// A device at the end of a serial line as a node: its tasks are pods. The device speaks the protocol of docs/virtual-nodes.
import * as pulumi from "@pulumi/pulumi";
import * as kubeadm from "pulumi-kubeadm";

const config = new pulumi.Config();

const cluster = new kubeadm.K8sCluster("plant", {
  kubernetesVersion: config.get("kubernetesVersion") ?? "1.34.4",
  connection: { user: "root", privateKey: config.requireSecret("sshPrivateKey") },
  controlPlanes: { cp1: { connection: { host: config.require("controlPlane") } } },
  workers: { w1: { connection: { host: config.require("worker") } } },
});

// The line is the worker's that runs the agent.
const { w1 } = cluster.workers;
const gauge = new kubeadm.VirtualKubeletNode("gauge-3", {
  cluster,
  ...(w1 ? { runsOn: w1 } : {}),
  provider: { serial: { device: config.require("device"), baud: config.getNumber("baud") ?? 115200 } },
  capacity: { cpu: "1", memory: "64Mi", pods: 2 },
  labels: { site: "hall-2" },
});

// A pod that runs on the device and nowhere else. `command` is the device's own; its volumes lie below CONTAINER_ROOT there.
const limits = { name: "limits", namespace: "default" };
new kubeadm.Addon("limits", {
  cluster,
  manifests: [
    { apiVersion: "v1", kind: "ConfigMap", metadata: limits, data: { pressure: "6" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: limits,
      spec: {
        // The device has one of them: the former pod leaves before the next one comes.
        strategy: { type: "Recreate" },
        selector: { matchLabels: { app: "limits" } },
        template: {
          metadata: { labels: { app: "limits" } },
          spec: {
            nodeSelector: { "kubernetes.io/hostname": gauge.nodeName },
            tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Exists" }],
            containers: [
              {
                name: "limits",
                image: "none",
                command: [
                  "sh",
                  "-c",
                  'while true; do echo "at most $(cat "$CONTAINER_ROOT/limits/pressure") bar"; sleep 10; done',
                ],
                volumeMounts: [{ name: "limits", mountPath: "/limits" }],
              },
            ],
            volumes: [{ name: "limits", configMap: { name: "limits" } }],
          },
        },
      },
    },
  ],
});

export const kubeconfig = cluster.kubeconfig;
