// A leaf as a program sees it: a custom resource whose provider is a signpost of constant text. Nothing is serialised.
import * as pulumi from "@pulumi/pulumi";

/** Written into every state: a constant, so that no release of the package ever shows as a difference. */
export function signpost(kind: string): string {
  return `exports.handler=()=>require("pulumi-kubeadm/provider").handler(${JSON.stringify(kind)})`;
}

export function leafType(kind: string): string {
  return `pulumi-nodejs:dynamic/kubeadm:${kind}`;
}

export interface LeafOutputs {
  /** Names of the outputs that are no inputs. */
  readonly names: readonly string[];
  readonly secret?: readonly string[];
}

export abstract class Leaf extends pulumi.CustomResource {
  protected constructor(
    kind: string,
    name: string,
    inputs: Record<string, pulumi.Input<unknown> | undefined>,
    outputs: LeafOutputs,
    options: pulumi.CustomResourceOptions,
  ) {
    const type = leafType(kind);
    const unset = Object.fromEntries(outputs.names.map((output) => [output, undefined]));
    const logUrn = withoutDependencies(pulumi.createUrn(name, type, options.parent));
    super(
      type,
      name,
      { ...unset, ...inputs, logUrn, __provider: signpost(kind) },
      {
        // By `up --replace` or a taint the engine asks nobody: the new one would be made first, and then deleted as the old one.
        deleteBeforeReplace: true,
        ...options,
        additionalSecretOutputs: [...(outputs.secret ?? [])],
      },
    );
  }
}

/** An input made of the parent's URN would wait for the parent's children, the leaf itself among them. */
function withoutDependencies<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => resolve(value as T));
  });
}
