// A device as a node: its processes are pods. The device has an sshd and BusyBox; a worker of the cluster runs its node agent.
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
const hostKey = config.get("deviceHostKey");
const press = new kubeadm.VirtualKubeletNode("press-7", {
  cluster,
  ...(w1 ? { runsOn: w1 } : {}),
  provider: {
    ssh: {
      connection: {
        // As the worker reaches it.
        host: config.require("device"),
        user: config.get("deviceUser") ?? "root",
        privateKey: config.requireSecret("devicePrivateKey"),
        ...(hostKey ? { hostKey } : {}),
      },
    },
  },
  capacity: { cpu: "1", memory: "256Mi", pods: 5 },
  labels: { site: "hall-2" },
});

// A pod that runs on the device and nowhere else; what `image` says has no meaning there.
const recipe = { name: "recipe", namespace: "default" };
new kubeadm.Addon("recipe", {
  cluster,
  manifests: [
    { apiVersion: "v1", kind: "ConfigMap", metadata: recipe, data: { speed: "fast" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: recipe,
      spec: {
        selector: { matchLabels: { app: "recipe" } },
        template: {
          metadata: { labels: { app: "recipe" } },
          spec: {
            nodeSelector: { "kubernetes.io/hostname": press.nodeName },
            tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Exists" }],
            containers: [
              {
                name: "recipe",
                image: "none",
                command: ["sh", "-c", 'while true; do echo "pressing $(cat /recipe/speed)"; sleep 10; done'],
                volumeMounts: [{ name: "recipe", mountPath: "/recipe" }],
              },
            ],
            volumes: [{ name: "recipe", configMap: { name: "recipe" } }],
          },
        },
      },
    },
  ],
});

export const kubeconfig = cluster.kubeconfig;
