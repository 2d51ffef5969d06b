import type { Input } from "@pulumi/pulumi";
import type { K8sCluster } from "../cluster";
import type { TimeoutsArgs } from "./connection";

/** A file with manifests, read where the program runs. */
export interface ManifestFile {
  /** Path of a YAML or JSON file, relative to the program. */
  file: string;
}

/** Arguments of an {@link Addon}. */
export interface AddonArgs {
  /** A cluster of the same program. */
  cluster: K8sCluster;
  /**
   * What is applied: objects, YAML text (one or more documents) or files, in any mix. What leaves the list is deleted from the cluster.
   * @example [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }, { file: "shop.yaml" }]
   */
  manifests: Input<Input<Record<string, unknown> | string | ManifestFile>[]>;
  /** Wait until what was applied is ready. Default: true. */
  wait?: Input<boolean>;
  /** Take fields over from another manager instead of stopping with its name. Default: false. */
  force?: Input<boolean>;
  /** Deadlines; `apply` counts here. */
  timeouts?: TimeoutsArgs;
}
