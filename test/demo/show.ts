// What a user wants to see in the end: nodes, pods, and the workload's answer through its Service from another node.
import { join } from "node:path";
import { containerName } from "../lab/container";
import { engineCall, findEngine } from "../lab/engine";
import type { Lab } from "../lab/state";
import type { Stack } from "../support/stack";
import { run, say } from "../tools/run";

export async function show(lab: Lab, kubeconfig: string, bundle: string): Promise<void> {
  const kubectl = await kubectlOf(bundle);
  for (const args of [
    ["get", "nodes", "-o", "wide"],
    ["get", "pods", "-A", "-o", "wide"],
  ]) {
    say(`\n$ kubectl ${args.join(" ")}`);
    const { stdout } = await run([kubectl, "--kubeconfig", kubeconfig, ...args]);
    say(stdout.trimEnd());
  }
  const address = ["get", "service", "hello", "-n", "hello", "-o", "jsonpath={.spec.clusterIP}"];
  const { stdout: service } = await run([kubectl, "--kubeconfig", kubeconfig, ...address]);
  say(`\n$ curl http://${service}/        # the Service, from the control plane, where no replica runs`);
  say((await askService(lab, service)).trimEnd());
}

/** bash's own TCP: a bare host has no curl. */
async function askService(lab: Lab, service: string): Promise<string> {
  const ask = 'exec 3<>"/dev/tcp/$1/80"; printf "GET / HTTP/1.0\\r\\nHost: hello\\r\\n\\r\\n" >&3; cat <&3';
  const { stdout } = await engineCall(await findEngine(), [
    "exec",
    containerName(lab, "cp1"),
    "bash",
    "-c",
    ask,
    "bash",
    service,
  ]);
  return stdout.split("\r\n\r\n").at(-1) ?? "";
}

/** The bundle's kubectl, of the cluster's version. */
async function kubectlOf(bundle: string): Promise<string> {
  const { stdout } = await run([
    "sh",
    "-c",
    'ls "$1"/dl.k8s.io/release/*/bin/linux/*/kubectl | tail -n 1',
    "sh",
    bundle,
  ]);
  const path = stdout.trim();
  await run(["chmod", "+x", path]);
  return path;
}

export function nextCommands(stack: Stack, kubeconfig: string): string {
  const { backend, name } = stack.options;
  return [
    "Go on with:",
    `  eval "$(node dist/test/tools/main.js env)"`,
    `  export PULUMI_BACKEND_URL=file://${backend} PULUMI_CONFIG_PASSPHRASE='correct horse battery staple'`,
    `  export KUBECONFIG=${join(kubeconfig)}`,
    "  kubectl get nodes",
    `  pulumi preview --stack ${name}`,
    `  npm run --silent lab -- list --lab demo`,
    "  make demo-down",
  ].join("\n");
}
