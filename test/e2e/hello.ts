// The web workload of the tests, and its answer asked for from inside a host.
import type { TestLab } from "../support/testLab";
import type { Workstation } from "../support/workstation";

export function hello(replicas = 2): Record<string, unknown>[] {
  const labels = { app: "hello" };
  const container = {
    name: "web",
    image: "docker.io/library/hello-web:1.0",
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
  };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "hello" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "hello", namespace: "hello" },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [container] } },
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

/** bash's own TCP: a bare host has no curl. */
const ask = 'exec 3<>"/dev/tcp/$1/80"; printf "GET / HTTP/1.0\\r\\nHost: hello\\r\\n\\r\\n" >&3; cat <&3';

/** The name of the pod that answered through the Service. */
export async function helloAnswer(lab: TestLab, kubectl: Workstation, from: string): Promise<string> {
  const service = await kubectl.get("service", "hello", "-n", "hello");
  const { stdout } = await lab.exec(from, ["bash", "-c", ask, "bash", service.spec.clusterIP]);
  return (stdout.split("\r\n\r\n").at(-1) ?? "").trim();
}
