// What the test of another cluster runs there, and what that cluster gives to it.
import type { Args } from "../support/program";

export const here = "hall";
export const there = "edge";

/** BusyBox under its own name; its applets are made at the start. */
const image = "ghcr.io/flannel-io/flannel-cni-plugin:v";

const applets = "/bin/busybox --install -s /bin; export PATH=/bin";

const loop = `${applets}
echo "begun $SPEED $WORD $WHO"
while true; do
  if [ -e /scratch/stop ]; then rm /scratch/stop; echo "going"; exit 3; fi
  sleep 0.2
done`;

const ear = `${applets}; while read line; do echo "heard $line"; done; sleep 100000`;

const tolerations = [{ key: "virtual-kubelet.io/provider", operator: "Exists" }];

export interface Where {
  node: string;
  /** Of the image with BusyBox. */
  tag: string;
}

/** The pod of the test: sources of every kind, a terminal's other end, and a web server. */
function podSpec({ node, tag }: Where): Args {
  const busybox = { image: `${image}${tag}`, imagePullPolicy: "IfNotPresent" };
  const limits = { cpu: "100m", memory: "64Mi" };
  const sources = [
    { configMap: { name: "settings" } },
    { secret: { name: "words", items: [{ key: "word", path: "secret/word" }] } },
    { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
    { serviceAccountToken: { path: "token", audience: "hall", expirationSeconds: 3600 } },
  ];
  const from = (kind: string, name: string, key: string) => ({ valueFrom: { [kind]: { name, key } } });
  return {
    nodeSelector: { "kubernetes.io/hostname": node },
    tolerations,
    terminationGracePeriodSeconds: 2,
    volumes: [
      { name: "all", projected: { sources } },
      { name: "scratch", emptyDir: {} },
    ],
    containers: [
      {
        ...busybox,
        name: "loop",
        command: ["/bin/busybox", "sh", "-c", loop],
        resources: { limits },
        env: [
          { name: "SPEED", ...from("configMapKeyRef", "settings", "speed") },
          { name: "WORD", ...from("secretKeyRef", "words", "word") },
          { name: "WHO", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
        ],
        volumeMounts: [
          { name: "all", mountPath: "/all" },
          { name: "scratch", mountPath: "/scratch" },
        ],
      },
      {
        ...busybox,
        name: "ear",
        command: ["/bin/busybox", "sh", "-c", ear],
        stdin: true,
        resources: { limits },
      },
      { name: "web", image: "docker.io/library/hello-web:1.0", resources: { limits } },
    ],
  };
}

export function deployment(where: Where): Args[] {
  const labels = { app: "press" };
  const object = (kind: string, name: string, more: Args) => ({
    apiVersion: "v1",
    kind,
    metadata: { name, namespace: here },
    ...more,
  });
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: here } },
    object("ConfigMap", "settings", { data: { speed: "fast" } }),
    object("Secret", "words", { stringData: { word: "open-sesame" } }),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "press", namespace: here },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(where) },
      },
    },
  ];
}

/** A container, but for its name, that runs a shell's script within what the quota there lets it have. */
export function shell(script: string, tag: string): Args {
  return {
    image: `${image}${tag}`,
    command: ["/bin/busybox", "sh", "-c", `${applets}; ${script}`],
    resources: { limits: { cpu: "100m", memory: "64Mi" } },
  };
}

/** Ends with this code at once. */
export function job(name: string, code: number, { node, tag }: Where): Args {
  const spec = {
    restartPolicy: "Never",
    nodeSelector: { "kubernetes.io/hostname": node },
    tolerations,
    containers: [{ name: "once", ...shell(`echo ran; exit ${code}`, tag) }],
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: here },
    spec: { backoffLimit: 0, template: { spec } },
  };
}

/** Asks for what no other cluster can give: two things of it. */
export function impossible({ node, tag }: Where): Args {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "impossible", namespace: here },
    spec: {
      nodeName: node,
      hostNetwork: true,
      tolerations,
      containers: [{ name: "app", image: `${image}${tag}` }],
      volumes: [{ name: "disk", hostPath: { path: "/srv" } }],
    },
  };
}

/** The namespace there with its quota, an account with the rights that a node needs, and somebody's own pod. */
export function edge(tag: string): Args[] {
  const object = (apiVersion: string, kind: string, name: string, more: Args) => ({
    apiVersion,
    kind,
    metadata: { name, namespace: there },
    ...more,
  });
  const all = ["get", "list", "watch", "create", "update", "delete"];
  const rules = [
    { apiGroups: [""], resources: ["pods", "configmaps", "secrets"], verbs: all },
    { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
    { apiGroups: [""], resources: ["pods/exec", "pods/attach", "pods/portforward"], verbs: ["get", "create"] },
    { apiGroups: [""], resources: ["resourcequotas"], verbs: ["list"] },
  ];
  const group = "rbac.authorization.k8s.io";
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: there } },
    object("v1", "ResourceQuota", "share", {
      spec: { hard: { "limits.cpu": "2", "limits.memory": "1Gi", pods: "8" } },
    }),
    object("v1", "ServiceAccount", "press-node", {}),
    object(`${group}/v1`, "Role", "virtual-node", { rules }),
    object(`${group}/v1`, "RoleBinding", "virtual-node", {
      roleRef: { apiGroup: group, kind: "Role", name: "virtual-node" },
      subjects: [{ kind: "ServiceAccount", name: "press-node", namespace: there }],
    }),
    object("v1", "Pod", "somebodys-own", {
      spec: {
        containers: [
          {
            name: "app",
            image: `${image}${tag}`,
            command: ["/bin/busybox", "sleep", "1000000"],
            resources: { limits: { cpu: "10m", memory: "16Mi" } },
          },
        ],
      },
    }),
  ];
}
