import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Tags of the images that one Kubernetes version's kubeadm asks for. */
export interface KubernetesImages {
  readonly etcd: string;
  readonly coredns: string;
  readonly pause: string;
}

export interface Versions {
  readonly kubernetes: { readonly default: string; readonly versions: Readonly<Record<string, KubernetesImages>> };
  readonly containerd: string;
  readonly runc: string;
  readonly cniPlugins: string;
  readonly flannel: { readonly version: string; readonly cniPlugin: string };
  readonly pulumi: string;
  readonly test: {
    readonly debian: { readonly suite: string; readonly version: string };
    readonly registry: string;
    readonly helloWeb: string;
    /** What `kubectl top` asks; in no bundle. */
    readonly metricsServer: string;
    /** Where the Go module of a program is not at the version that its release has. */
    readonly goModules: {
      readonly pulumiNodejsLanguageHost: string;
      readonly etcdTools: string;
      readonly flannelCniPlugin: string;
      readonly tencentcloudCommon: string;
    };
  };
}

/** The project's own directory; this file runs compiled, three levels down in dist. */
export const projectDir = join(__dirname, "..", "..", "..");

export const versions = JSON.parse(readFileSync(join(projectDir, "versions.json"), "utf8")) as Versions;

export function imagesOf(kubernetes: string): KubernetesImages {
  const images = versions.kubernetes.versions[kubernetes];
  if (images === undefined) {
    const known = Object.keys(versions.kubernetes.versions).join(", ");
    throw new Error(`versions.json has no entry for Kubernetes ${kubernetes}; it has ${known}`);
  }
  return images;
}
