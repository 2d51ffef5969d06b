// metrics-server, which `kubectl top` asks, as the manifests of an Addon: upstream's, but that it checks kubelets' serving certificates
// by the cluster's authority, which here has signed them.
import { join } from "node:path";
import { cached, keyOf } from "../tools/cache";
import { type ImageRecipe, writeImage } from "../tools/image";
import { programs } from "../tools/programs";
import { versions } from "../tools/versions";
import type { Args } from "./program";
import type { TestLab } from "./testLab";

const name = "metrics-server";
const namespace = "kube-system";
const labels = { "k8s-app": name };
const port = 10250;

export const metricsServerImage = `registry.k8s.io/metrics-server/metrics-server:v${versions.test.metricsServer}`;

/** Onto a worker of the lab: a bundle has what clusters need, and this is no part of one. */
export async function bringMetricsServer(lab: TestLab, host: string): Promise<void> {
  const archive = "/root/metrics-server.tar";
  await lab.put(host, join(await metricsServerImageDir(), "image.tar"), archive);
  await lab.sh(host, `ctr --namespace k8s.io images import ${archive} && rm ${archive}`);
}

async function metricsServerImageDir(): Promise<string> {
  const program = join(await programs(name), name);
  const recipe: ImageRecipe = {
    ref: metricsServerImage,
    files: [{ path: name, from: program }],
    entrypoint: [`/${name}`],
  };
  return cached(`metrics-server-image-${keyOf("1", recipe)}`, (dir) => writeImage(recipe, join(dir, "image.tar")));
}

export function metricsServer(): Args[] {
  const meta = (own: string, more: Args = {}) => ({ name: own, labels, ...more });
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: meta(name, { namespace }) },
    ...rights(),
    { apiVersion: "v1", kind: "Service", metadata: meta(name, { namespace }), spec: service },
    { apiVersion: "apps/v1", kind: "Deployment", metadata: meta(name, { namespace }), spec: deployment() },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: meta("v1beta1.metrics.k8s.io"),
      spec: {
        group: "metrics.k8s.io",
        version: "v1beta1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        // It signs its own certificate at every start.
        insecureSkipTLSVerify: true,
        service: { name, namespace },
      },
    },
  ];
}

const service = { selector: labels, ports: [{ name: "https", port: 443, targetPort: "https", appProtocol: "https" }] };

function rights(): Args[] {
  const rbac = "rbac.authorization.k8s.io";
  const own = `system:${name}`;
  const subjects = [{ kind: "ServiceAccount", name, namespace }];
  const bind = (kind: "RoleBinding" | "ClusterRoleBinding", called: string, role: Args, more: Args = {}) => ({
    apiVersion: `${rbac}/v1`,
    kind,
    metadata: { name: called, labels, ...more },
    roleRef: { apiGroup: rbac, ...role },
    subjects,
  });
  return [
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name: own, labels },
      rules: [
        { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
        { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] },
      ],
    },
    bind("ClusterRoleBinding", own, { kind: "ClusterRole", name: own }),
    bind("ClusterRoleBinding", `${name}:system:auth-delegator`, { kind: "ClusterRole", name: "system:auth-delegator" }),
    bind(
      "RoleBinding",
      `${name}-auth-reader`,
      { kind: "Role", name: "extension-apiserver-authentication-reader" },
      { namespace },
    ),
  ];
}

function deployment(): Args {
  const probe = (path: string, periodSeconds: number) => ({
    httpGet: { path, port: "https", scheme: "HTTPS" },
    periodSeconds,
  });
  const container = {
    name,
    image: metricsServerImage,
    imagePullPolicy: "IfNotPresent",
    args: [
      "--cert-dir=/tmp",
      `--secure-port=${port}`,
      "--kubelet-preferred-address-types=InternalIP",
      // A virtual node listens at a port of its own.
      "--kubelet-use-node-status-port",
      "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
      "--metric-resolution=15s",
    ],
    ports: [{ name: "https", containerPort: port }],
    readinessProbe: probe("/readyz", 2),
    livenessProbe: probe("/livez", 10),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 1000,
    },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  };
  const spec = {
    serviceAccountName: name,
    priorityClassName: "system-cluster-critical",
    containers: [container],
    volumes: [{ name: "tmp", emptyDir: {} }],
  };
  return { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } };
}
