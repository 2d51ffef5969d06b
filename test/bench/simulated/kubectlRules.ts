// kubectl on the control plane, as far as the provider uses it.
import type { Answer, Asked, Rule } from "./rule";

/** Starting kubectl, asking the API server, printing. */
const ms = 60;

const verbIs =
  (...verb: string[]) =>
  ({ argv }: { argv: readonly string[] }): boolean => {
    if (argv[0] !== "kubectl") return false;
    const rest = afterOptions(argv);
    return verb.every((word, index) => rest[index] === word);
  };

function afterOptions(argv: readonly string[]): readonly string[] {
  const last = argv.findIndex((word) => word.startsWith("--request-timeout"));
  return argv.slice(last + 1);
}

const list = (items: unknown[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });

function get({ host: { cluster }, command }: Asked): Answer | string {
  const [, type = "", name = ""] = afterOptions(command.argv);
  if (!name.startsWith("-")) {
    const found = cluster.find(type, name);
    return found ? JSON.stringify(found) : "";
  }
  if (type === "nodes") return list([...cluster.nodes.values()]);
  if (type === "secrets") return list([]);
  const node = command.argv.join(" ").match(/spec\.nodeName=(\S+)/)?.[1];
  if (type === "pods" && node) return list([cluster.flannelPodOn(node)]);
  // Nobody is behind: the simulation starts clusters and upgrades none.
  if (type === "pods" && command.argv.some((word) => word.startsWith("component=kube-apiserver"))) return list([]);
  return { code: 1, stderr: `the simulation has no list of ${type}` };
}

function apply({ host: { cluster }, stdin }: Asked): string {
  const { items } = JSON.parse(stdin) as { items: Parameters<typeof cluster.apply>[0][] };
  for (const item of items) cluster.apply(item);
  return list(items);
}

function patch({ host: { cluster }, command, stdin }: Asked): string {
  const [, type = "", name = ""] = afterOptions(command.argv);
  return JSON.stringify(cluster.patch(type, name, JSON.parse(stdin)));
}

const resources = [
  { name: "nodes", kind: "Node", namespaced: false },
  { name: "secrets", kind: "Secret", namespaced: true },
];

export const kubectlRules: readonly Rule[] = [
  { name: "kubectl readyz", ms, matches: verbIs("get", "--raw", "/readyz"), answer: () => "ok" },
  {
    name: "kubectl kinds",
    ms,
    matches: verbIs("get", "--raw", "/api/v1"),
    answer: () => JSON.stringify({ resources }),
  },
  { name: "kubectl get", ms, matches: verbIs("get"), answer: get },
  { name: "kubectl apply", ms, matches: verbIs("apply", "--server-side"), answer: apply },
  { name: "kubectl patch", ms, matches: verbIs("patch"), answer: patch },
  { name: "kubectl delete", ms, matches: verbIs("delete", "--raw"), answer: () => "{}" },
];
