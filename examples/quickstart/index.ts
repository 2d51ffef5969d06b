// A cluster on machines you have: one control plane, any number of workers, Flannel, and a small web workload.
import * as pulumi from "@pulumi/pulumi";
import * as kubeadm from "pulumi-kubeadm";
import { containerHosts } from "./containerHosts";
import { helloWeb } from "./helloWeb";

interface Machine {
  host: string;
  port?: number;
  user?: string;
  hostKey?: string;
}

const config = new pulumi.Config();
const machines = (key: string): Record<string, { connection: Machine }> =>
  Object.fromEntries(
    Object.entries(config.getObject<Record<string, Machine>>(key) ?? {}).map(([name, connection]) => [
      name,
      { connection },
    ]),
  );
const bundle = config.get("bundle");

const cluster = new kubeadm.K8sCluster("quickstart", {
  kubernetesVersion: config.get("kubernetesVersion") ?? "1.34.4",
  connection: { user: "root", privateKey: config.requireSecret("sshPrivateKey") },
  controlPlanes: machines("controlPlanes"),
  workers: machines("workers"),
  network: { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/16", cni: { flannel: {} } },
  // Absent: programs and images come from upstream's release addresses.
  ...(bundle ? { source: { bundle: { path: bundle } } } : {}),
  // Hosts that are containers on one machine, as `make demo` makes them, need a few settings more.
  ...(config.getBoolean("containerHosts") ? containerHosts : {}),
});

new kubeadm.Addon("hello", { cluster, manifests: helloWeb(config.get("image")) });

export const kubeconfig = cluster.kubeconfig;
export const endpoint = cluster.endpoint;
