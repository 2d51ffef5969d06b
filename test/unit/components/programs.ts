// Programs that the tests of the graph share.
import type * as kubeadm from "../../../index";

export function hosts(...names: string[]): Record<string, { connection: { host: string } }> {
  return Object.fromEntries(names.map((name) => [name, { connection: { host: `${name}.example` } }]));
}

export function clusterArgs(own: Partial<kubeadm.K8sClusterArgs> = {}): kubeadm.K8sClusterArgs {
  return {
    kubernetesVersion: "1.34.4",
    connection: { user: "ops", privateKey: "key-of-all" },
    controlPlanes: hosts("cp1", "cp2", "cp3"),
    workers: hosts("w1", "w2"),
    ...own,
  };
}
