// Another cluster as a node: pods run in a namespace there. A worker of this cluster runs the node agent, and reaches the other one's API.
import * as pulumi from "@pulumi/pulumi";
import * as kubeadm from "pulumi-kubeadm";

const config = new pulumi.Config();

const cluster = new kubeadm.K8sCluster("plant", {
  kubernetesVersion: config.get("kubernetesVersion") ?? "1.34.4",
  connection: { user: "root", privateKey: config.requireSecret("sshPrivateKey") },
  controlPlanes: { cp1: { connection: { host: config.require("controlPlane") } } },
  workers: { w1: { connection: { host: config.require("worker") } } },
});

const { w1 } = cluster.workers;
// What the node has is what the namespace's quota says.
const edge = new kubeadm.VirtualKubeletNode("edge", {
  cluster,
  ...(w1 ? { runsOn: w1 } : {}),
  provider: {
    cluster: {
      kubeconfig: config.requireSecret("remoteKubeconfig"),
      namespace: config.get("remoteNamespace") ?? "default",
    },
  },
});

// A pod that runs there, with a ConfigMap that is here.
const greeting = { name: "greeting", namespace: "default" };
new kubeadm.Addon("greeting", {
  cluster,
  manifests: [
    { apiVersion: "v1", kind: "ConfigMap", metadata: greeting, data: { words: "hello from afar" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: greeting,
      spec: {
        selector: { matchLabels: { app: "greeting" } },
        template: {
          metadata: { labels: { app: "greeting" } },
          spec: {
            nodeSelector: { "kubernetes.io/hostname": edge.nodeName },
            tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Exists" }],
            containers: [
              {
                name: "greeting",
                image: config.get("image") ?? "docker.io/library/busybox:1.37",
                command: ["sh", "-c", "while true; do cat /greeting/words; echo; sleep 10; done"],
                resources: { limits: { cpu: "100m", memory: "32Mi" } },
                volumeMounts: [{ name: "greeting", mountPath: "/greeting" }],
              },
            ],
            volumes: [{ name: "greeting", configMap: { name: "greeting" } }],
          },
        },
      },
    },
  ],
});

export const kubeconfig = cluster.kubeconfig;
