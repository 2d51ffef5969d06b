// A workload that an upgrade must not interrupt, and one whose budget never lets its only pod go.
import type { Args } from "../support/program";

const image = "docker.io/library/hello-web:1.0";
const readinessProbe = { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 };

function budget(name: string, labels: Args): Args {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace: "steady" },
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  };
}

function deployment(name: string, labels: Args, replicas: number, pod: Args): Args {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "steady" },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
  };
}

export const namespace: Args = { apiVersion: "v1", kind: "Namespace", metadata: { name: "steady" } };

/** Two replicas on different nodes; whoever ends goes on answering until every kube-proxy has heard of it. */
export function steady(notOn: readonly string[] = []): Args[] {
  const labels = { app: "steady" };
  const apart = { labelSelector: { matchLabels: labels }, topologyKey: "kubernetes.io/hostname" };
  const elsewhere = { key: "kubernetes.io/hostname", operator: "NotIn", values: [...notOn] };
  const affinity = {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] },
    ...(notOn.length === 0
      ? {}
      : {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [elsewhere] }] },
          },
        }),
  };
  const container = {
    name: "web",
    image,
    ports: [{ containerPort: 8080 }],
    readinessProbe,
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  };
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "steady", namespace: "steady" },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  };
  const pod = { terminationGracePeriodSeconds: 15, affinity, containers: [container] };
  return [deployment("steady", labels, 2, pod), budget("steady", labels), service];
}

/** One pod on this node and nowhere else, which its budget needs. */
export function stuck(node: string): Args[] {
  const labels = { app: `stuck-${node}` };
  const pod = {
    terminationGracePeriodSeconds: 1,
    nodeSelector: { "kubernetes.io/hostname": node },
    containers: [{ name: "web", image, readinessProbe }],
  };
  return [deployment(`stuck-${node}`, labels, 1, pod), budget(`stuck-${node}`, labels)];
}
