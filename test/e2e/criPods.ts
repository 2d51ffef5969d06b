// What runs on the edge machine in the test of its virtual node.
import type { Args } from "../support/program";

export const namespace = "hall";

const placed = {
  nodeSelector: { "kubernetes.io/hostname": "edge" },
  tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Exists" }],
  terminationGracePeriodSeconds: 2,
  imagePullSecrets: [{ name: "registry" }],
};

const meta = (name: string): Args => ({ name, namespace });

/** A line every tenth of a second, each with the next number. */
export const ticking = 'i=0; while true; do echo "tick $i"; i=$((i + 1)); sleep 0.1; done';

export function settings(registry: { host: string; username: string; password: string }): Args[] {
  const { host, username, password } = registry;
  const auths = JSON.stringify({ auths: { [host]: { username, password } } });
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta("settings"), data: { speed: "fast" } },
    { apiVersion: "v1", kind: "Secret", metadata: meta("code"), stringData: { pin: "1234" } },
    {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/dockerconfigjson",
      metadata: meta("registry"),
      stringData: { ".dockerconfigjson": auths },
    },
  ];
}

/** An init container, volumes of every kind, limits, and a web server beside the numbers. */
export function press(image: string): Args {
  const labels = { app: "press" };
  const volumeMounts = [
    { name: "settings", mountPath: "/etc/settings" },
    { name: "code", mountPath: "/etc/code/pin", subPath: "pin" },
    { name: "about", mountPath: "/etc/about" },
    { name: "scratch", mountPath: "/scratch" },
  ];
  const spec = {
    ...placed,
    securityContext: { runAsUser: 1000, fsGroup: 2000 },
    initContainers: [
      {
        name: "first",
        image,
        command: ["sh", "-c", "echo made >/scratch/index.html"],
        volumeMounts: [volumeMounts[3]],
      },
    ],
    containers: [
      {
        name: "main",
        image,
        imagePullPolicy: "Always",
        command: ["sh", "-c", `cd /scratch && httpd -p 127.0.0.1:8080 -h /scratch; ${ticking}`],
        env: [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
        resources: { limits: { cpu: "250m", memory: "48Mi" } },
        volumeMounts,
      },
    ],
    volumes: [
      { name: "settings", configMap: { name: "settings" } },
      { name: "code", secret: { secretName: "code", defaultMode: 0o440 } },
      { name: "scratch", emptyDir: {} },
      {
        name: "about",
        projected: {
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
            { downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } },
          ],
        },
      },
    ],
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: meta("press"),
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function pod(name: string, container: Args, more: Args = {}): Args {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: meta(name),
    spec: { ...placed, restartPolicy: "Never", ...more, containers: [{ name: "main", ...container }] },
  };
}

/** In the machine's own network; it fails once for each restart. */
export function failing(image: string): Args {
  const command = ["sh", "-c", "echo begun; sleep 1; exit 3"];
  return pod("failing", { image, command }, { restartPolicy: "Always", hostNetwork: true });
}

export function echoing(image: string): Args {
  const command = ["sh", "-c", 'while read -r line; do echo "got $line"; done'];
  return pod("echoing", { image, command, stdin: true, stdinOnce: true });
}

/** More log than is kept, and with it every rotation there is. */
export function flooding(image: string): Args {
  return pod("flooding", {
    image,
    command: ["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do seq 1 20000; sleep 1.5; done; sleep 1000"],
  });
}

export function unpulled(image: string): Args {
  return pod("unpulled", { image, imagePullPolicy: "Never", command: ["true"] });
}

export function impossible(image: string): Args {
  const volumes = [
    { name: "share", nfs: { server: "files.example", path: "/" } },
    { name: "memory", emptyDir: { medium: "Memory" } },
  ];
  return pod("impossible", { image }, { volumes });
}

export function job(image: string): Args {
  const containers = [{ name: "main", image, command: ["sh", "-c", "echo done"] }];
  const spec = { ...placed, restartPolicy: "Never", containers };
  return { apiVersion: "batch/v1", kind: "Job", metadata: meta("once"), spec: { template: { spec } } };
}
