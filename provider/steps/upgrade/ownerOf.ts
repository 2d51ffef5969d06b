// The object that owns pods, by what is written down of it.
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import type { Owed } from "./aside";

const types: Readonly<Record<string, string>> = {
  ReplicaSet: "replicasets.v1.apps",
  StatefulSet: "statefulsets.v1.apps",
  ReplicationController: "replicationcontrollers",
  Job: "jobs.v1.batch",
};

export async function ownerOf(
  kubectl: Kubectl,
  { kind, namespace, name }: Omit<Owed, "ready">,
): Promise<KubeObject | undefined> {
  const type = types[kind];
  return type === undefined ? undefined : kubectl.get({ type, namespace, name });
}
