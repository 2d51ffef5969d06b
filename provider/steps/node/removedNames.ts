// Names of nodes that were taken out without their host. If such a machine comes back, its kubelet must not register again:
// a policy in the API denies it, and only the machine that the program let in under the name since then may have it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import { hasReason } from "../../host/kubeErrors";
import type { KubeObject } from "../../host/kubeObject";
import type { RemovedNames } from "../../kubeadm/removed";
import { UserError } from "../../lib/errors";

export const removedNodes = "pulumi-kubeadm-removed-nodes";
const configMap = { type: "configmaps", name: removedNodes, namespace: "kube-system" };

export async function removedNames(kubectl: Kubectl): Promise<RemovedNames> {
  const found = await kubectl.get(configMap);
  return (found?.data ?? {}) as Record<string, string>;
}

/** From here on no kubelet registers under this name; proven by the API's own answer. */
export async function denyName(kubectl: Kubectl, name: string): Promise<void> {
  // Each name is a key of its own in a merge patch: safe beside any number of removals at the same time.
  await kubectl.apply([emptyConfigMap, policy, binding], { fieldManager: "pulumi-kubeadm", force: true });
  await kubectl.patch(configMap, { data: { [name]: "" } });
  const over = Date.now() + 20_000;
  while (!(await isDenied(kubectl, name))) {
    if (Date.now() > over)
      throw new UserError(
        `${kubectl.label}: the API still lets a node named ${name} register, although ${removedNodes} denies it`,
        `look at \`kubectl get validatingadmissionpolicy ${removedNodes} -o yaml\`, then run again`,
      );
    await sleep(300);
  }
}

/** The program lets this machine in under the name: others that had it stay out. Nothing to do for a name that was never denied. */
export async function admitMachine(kubectl: Kubectl, name: string, machineId: string): Promise<void> {
  const admitted = (await removedNames(kubectl))[name];
  if (admitted === undefined || admitted === machineId) return;
  await kubectl.patch(configMap, { data: { [name]: machineId } });
}

/** The nodes left with their host: nothing of them can come back. */
export async function pardonNames(kubectl: Kubectl, names: readonly string[]): Promise<void> {
  const closed = await removedNames(kubectl);
  const open = names.filter((name) => closed[name] !== undefined);
  if (open.length > 0) await kubectl.patch(configMap, { data: Object.fromEntries(open.map((name) => [name, null])) });
}

async function isDenied(kubectl: Kubectl, name: string): Promise<boolean> {
  const node = { apiVersion: "v1", kind: "Node", metadata: { name } };
  try {
    const argv = ["create", "--dry-run=server", "-f", "-"];
    await kubectl.command(argv, { what: `try node ${name}`, stdin: JSON.stringify(node), repeatable: true });
    return false;
  } catch (error) {
    if (hasReason(error, "Forbidden") && error.detail.includes(removedNodes)) return true;
    if (hasReason(error, "AlreadyExists")) return false;
    throw error;
  }
}

const emptyConfigMap: KubeObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: removedNodes, namespace: "kube-system" },
};

const rule = { apiGroups: [""], apiVersions: ["v1"] };
const machine = "has(object.status) && has(object.status.nodeInfo) ? object.status.nodeInfo.machineID : ''";

/** The status is watched too: a kubelet that may not create its Node takes one that is there already for its own. */
export const policy: KubeObject = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: removedNodes },
  spec: {
    failurePolicy: "Fail",
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    matchConstraints: {
      resourceRules: [
        { ...rule, operations: ["CREATE"], resources: ["nodes"] },
        { ...rule, operations: ["UPDATE"], resources: ["nodes/status"] },
      ],
    },
    variables: [
      { name: "denied", expression: "has(params.data) && object.metadata.name in params.data" },
      { name: "admitted", expression: "variables.denied ? params.data[object.metadata.name] : ''" },
      { name: "machine", expression: machine },
    ],
    validations: [
      {
        expression:
          "!variables.denied || (variables.admitted == '' ? request.operation == 'UPDATE' : variables.machine == variables.admitted)",
        messageExpression: `'node ' + object.metadata.name + ' was taken out of this cluster without its host, and machine ' + variables.machine + ' was not let in since. Join it through the program, or take the name out of the ConfigMap kube-system/${removedNodes}'`,
        reason: "Forbidden",
      },
    ],
  },
};

const binding: KubeObject = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: removedNodes },
  spec: {
    policyName: removedNodes,
    paramRef: { name: removedNodes, namespace: "kube-system", parameterNotFoundAction: "Allow" },
    validationActions: ["Deny"],
  },
};
