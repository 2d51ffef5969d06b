// Many nodes from one agent, for tests of scale: pods begin and end as their annotations say.
import * as pulumi from "@pulumi/pulumi";
import * as kubeadm from "pulumi-kubeadm";

const config = new pulumi.Config();

const cluster = new kubeadm.K8sCluster("scale", {
  kubernetesVersion: config.get("kubernetesVersion") ?? "1.34.4",
  connection: { user: "root", privateKey: config.requireSecret("sshPrivateKey") },
  controlPlanes: { cp1: { connection: { host: config.require("controlPlane") } } },
  workers: { w1: { connection: { host: config.require("worker") } } },
  // The agent runs on w1, the first of the workers.
  virtualKubelets: { crowd: { provider: { simulated: { nodes: config.getNumber("nodes") ?? 50 } } } },
});

// Jobs whose pods take ten seconds on paper.
new kubeadm.Addon("jobs", {
  cluster,
  wait: false,
  manifests: [
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "batch", namespace: "default" },
      spec: {
        completions: 200,
        parallelism: 100,
        template: {
          metadata: { annotations: { "simulated.virtual-kubelet.io/run-for": "10s" } },
          spec: {
            restartPolicy: "Never",
            nodeSelector: { type: "virtual-kubelet" },
            tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Exists" }],
            containers: [{ name: "work", image: "none" }],
          },
        },
      },
    },
  ],
});

export const nodes = cluster.virtualKubelets["crowd"]?.nodeNames;
export const kubeconfig = cluster.kubeconfig;
