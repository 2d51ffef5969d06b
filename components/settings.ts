// What a node is told in the end: its own arguments first, the cluster's where it is silent, the documented defaults last.
import * as pulumi from "@pulumi/pulumi";
import { defined } from "../provider/lib/defined";
import { type Document, merge } from "../provider/lib/merge";
import type { K8sClusterArgs } from "./args/cluster";
import type { ConnectionArgs, HopArgs, TimeoutsArgs } from "./args/connection";
import type { NodeArgs } from "./args/node";
import type { ContainerdArgs, NetworkArgs } from "./args/runtime";
import { defaultNetwork } from "./rules";

type Inputs = Record<string, pulumi.Input<unknown> | undefined>;

/** Field by field and never in one apply, which would make the whole connection one secret. */
export function connectionOf(cluster: ConnectionArgs | undefined, node: ConnectionArgs | undefined): Inputs {
  const merged: ConnectionArgs = { ...defined(cluster ?? {}), ...defined(node ?? {}) };
  const sudo = merged.sudo && defined({ password: secret(merged.sudo.password) });
  return defined({ user: "root", ...hop(merged), sudo });
}

function hop(args: HopArgs): Inputs {
  return defined({
    ...args,
    privateKey: secret(args.privateKey),
    privateKeyPassword: secret(args.privateKeyPassword),
    password: secret(args.password),
    proxy: args.proxy && hop(args.proxy),
  });
}

export function secret<T>(value: pulumi.Input<T> | undefined): pulumi.Output<T> | undefined {
  return value === undefined ? undefined : (pulumi.secret(value) as pulumi.Output<T>);
}

export function timeoutsOf(
  cluster: TimeoutsArgs | undefined,
  node: TimeoutsArgs | undefined,
): TimeoutsArgs | undefined {
  const merged = { ...defined(cluster ?? {}), ...defined(node ?? {}) };
  return Object.keys(merged).length > 0 ? merged : undefined;
}

export function containerdOf(args: ContainerdArgs | undefined): Inputs {
  const registries = Object.entries(args?.registries ?? {}).map(([host, registry]) => [
    host,
    defined({ ...registry, password: secret(registry.password), clientKey: secret(registry.clientKey) }),
  ]);
  return defined({ ...args, registries: registries.length > 0 ? Object.fromEntries(registries) : undefined });
}

export function networkOf(args: NetworkArgs | undefined): Inputs {
  return {
    ...defaultNetwork,
    ...defined({ podCidr: args?.podCidr, serviceCidr: args?.serviceCidr, dnsDomain: args?.dnsDomain }),
    cni: args?.cni ?? { flannel: {} },
  };
}

export function filesOf(files: K8sClusterArgs["files"]): Inputs {
  return Object.fromEntries(
    Object.entries(files ?? {}).map(([path, file]) => [path, defined({ ...file, content: secret(file.content) })]),
  );
}

/** The cluster's kubeadm documents with the node's merged over them. */
export function kubeadmOf(cluster: K8sClusterArgs["kubeadm"], node: NodeArgs["kubeadm"]): Inputs {
  const documents: Inputs = defined({ ...cluster });
  for (const [name, document] of Object.entries(node ?? {})) {
    if (document !== undefined) documents[name] = mergedDocument(documents[name], document);
  }
  return documents;
}

function mergedDocument(under: pulumi.Input<unknown> | undefined, over: pulumi.Input<unknown>): pulumi.Output<unknown> {
  const both: pulumi.Output<unknown[]> = pulumi.output([under, over]);
  return both.apply(([low, high]) => merge((low ?? {}) as Document, high as Document));
}
