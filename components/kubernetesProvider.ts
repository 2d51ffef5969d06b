import { createRequire } from "node:module";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";

export interface ProviderWants {
  kubeconfig: pulumi.Output<string>;
  clusterId: pulumi.Output<string>;
  parent: pulumi.Resource;
}

/** `clusterIdentifier` keeps a new kubeconfig from replacing everything in the cluster. Upstream: the Provider of @pulumi/kubernetes. */
export function newKubernetesProvider(name: string, wants: ProviderWants): pulumi.ProviderResource {
  const { Provider } = kubernetesPackage();
  const args = { kubeconfig: wants.kubeconfig, clusterIdentifier: wants.clusterId, enableServerSideApply: true };
  return new Provider(name, args, { parent: wants.parent });
}

interface KubernetesPackage {
  Provider: new (name: string, args: object, options: pulumi.ResourceOptions) => pulumi.ProviderResource;
}

/** Looked up from the program: it is the program's dependency, not ours. */
function kubernetesPackage(): KubernetesPackage {
  const fromProgram = createRequire(join(process.cwd(), "index.js"));
  try {
    return fromProgram("@pulumi/kubernetes");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new Error("kubernetesProvider() needs the package @pulumi/kubernetes: run `npm install @pulumi/kubernetes`", {
      cause: error,
    });
  }
}
