// A small web workload: two replicas that answer with their own name, behind a Service.

/** `image` answers GET / on port 8080 with the name of its pod. */
export function helloWeb(image = "docker.io/library/hello-web:1.0"): Record<string, unknown>[] {
  const labels = { app: "hello" };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "hello" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "hello", namespace: "hello" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: "web",
                image,
                ports: [{ containerPort: 8080 }],
                readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 2 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "hello", namespace: "hello" },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ];
}
