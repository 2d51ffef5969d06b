// What runs on the devices.
import type { Args } from "../../support/program";
import { deploymentOf, podOn, script } from "../../support/virtualNodes";
import { namespace, press } from "./plant";

export function pod(name: string, spec: Args): Args {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels: { app: name } }, spec };
}

export function job(name: string, spec: Args, more: Args): Args {
  const template = { spec: { ...spec, restartPolicy: "Never" } };
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name, namespace }, spec: { ...more, template } };
}

const mounted = (name: string, mountPath: string): Args => ({ volumeMounts: [{ name, mountPath }] });
const scratch = { volumes: [{ name: "work", emptyDir: {} }] };

/** Its first attempt fails, its second goes on. */
const counting = `n=$(cat work/n 2>/dev/null || echo 0)
echo "try $n"
echo $((n + 1)) >work/n
[ "$n" -gt 0 ] || exit 3
while true; do sleep 1; done`;

/** For `kubectl`. */
export function workingPods(): Args[] {
  const settings = { name: "settings", namespace };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: settings, data: { speed: "fast" } },
    pod(
      "shell",
      podOn(press, [
        script("main", "echo old; sleep 2; echo new; while true; do sleep 1; done"),
        script("side", "while true; do echo tick; sleep 1; done"),
      ]),
    ),
    pod("waits", podOn(press, [script("main", "echo first; until [ -e go ]; do sleep 1; done; echo last")], once)),
    pod("crash", podOn(press, [script("main", counting, mounted("work", "/work"))], scratch)),
    pod("web", webSpec()),
    pod("staged", stagedSpec()),
    deploymentOf(namespace, "press", 2, podOn(press, [script("main", "while true; do sleep 1; done")])),
    job("done", podOn(press, [script("main", "echo made")]), { completions: 2, parallelism: 2 }),
    job("broken", podOn(press, [script("main", "echo in vain; exit 3")]), { backoffLimit: 1 }),
    pod("gentle", podOn(press, [script("main", gentle)], { terminationGracePeriodSeconds: 30 })),
    pod("forced", podOn(press, [script("main", stubborn)], { terminationGracePeriodSeconds: 3600 })),
  ];
}

const once = { restartPolicy: "Never" };
const gentle = "trap 'echo asked >/tmp/gentle; exit 0' TERM; while true; do sleep 1 & wait $!; done";
const stubborn = "trap '' TERM; while true; do sleep 1; : stubborn; done";

function webSpec(): Args {
  const command = ["httpd", "-f", "-p", "127.0.0.1:8080", "-h", "site"];
  const site = { name: "site", configMap: { name: "settings" } };
  return podOn(press, [{ ...script("main", ""), command, ...mounted("site", "/site") }], { volumes: [site] });
}

function stagedSpec(): Args {
  const work = mounted("work", "/work");
  return podOn(press, [script("main", "cat work/steps; while true; do sleep 1; done", work)], {
    ...scratch,
    initContainers: [
      script("one", "echo one >>work/steps", work),
      script("two", "echo two >>work/steps; echo prepared", work),
    ],
  });
}

/** Tolerates every taint there is, and has no command that a device could run. */
export function everywhere(): Args {
  const labels = { app: "everywhere" };
  const spec = {
    tolerations: [{ operator: "Exists" }],
    containers: [{ name: "main", image: "registry.k8s.io/pause:3.10.1" }],
  };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "everywhere", namespace },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

/** Asks for one thing after the other that a process on a device cannot have. */
export function impossible(): Args {
  const container = {
    ...script("main", "sleep 1", mounted("disk", "/disk")),
    resources: { limits: { memory: "1Mi" } },
    securityContext: { privileged: true },
    tty: true,
    readinessProbe: { httpGet: { port: 80 } },
  };
  const volumes = [{ name: "disk", hostPath: { path: "/dev" } }];
  return pod("impossible", podOn(press, [container], { volumes, securityContext: { runAsUser: 7 } }));
}

/** For faults: pods that must not notice them, and pods that leave meanwhile. */
export function lastingPods(): Args[] {
  const numbers = "n=0; while true; do echo $n; n=$((n + 1)); sleep 0.1; done";
  const token = { serviceAccountToken: { path: "token", expirationSeconds: 3600 } };
  const volumes = [{ name: "token", projected: { sources: [token] } }];
  const loop = (mark: string) => podOn(press, [script("main", `while true; do sleep 1; : ${mark}; done`)]);
  return [
    pod("numbers", podOn(press, [script("main", numbers)])),
    pod(
      "bearer",
      podOn(press, [script("main", "while true; do sleep 1; done", mounted("token", "/token"))], { volumes }),
    ),
    pod("leaving", loop("leaving-meanwhile")),
    pod("torn", loop("torn-meanwhile")),
  ];
}

/** Far more than its log may take, and then nothing any more. */
export function flood(): Args {
  const text = "i=0; while [ $i -lt 30 ]; do i=$((i + 1)); seq 1 20000; done; echo over; while true; do sleep 1; done";
  return pod("flood", podOn(press, [script("main", text)]));
}

export function crowd(replicas: number): Args {
  return deploymentOf(
    namespace,
    "crowd",
    replicas,
    podOn(press, [{ ...script("main", ""), command: ["sleep", "86399"] }]),
  );
}
