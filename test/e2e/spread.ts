// A web workload that is to live through changes: two replicas on two nodes, a budget, and an end that waits for its clients.

const labels = { app: "web" };

export function spread(): Record<string, unknown>[] {
  const metadata = { name: "web", namespace: "web" };
  const container = {
    name: "web",
    image: "docker.io/library/hello-web:1.0",
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
    // Until every node has heard that nobody is to be sent here any more.
    lifecycle: { preStop: { sleep: { seconds: 3 } } },
  };
  const apart = { labelSelector: { matchLabels: labels }, topologyKey: "kubernetes.io/hostname" };
  const pod = {
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] } },
    terminationGracePeriodSeconds: 10,
    containers: [container],
  };
  const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "web" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: { replicas: 2, strategy, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ];
}
