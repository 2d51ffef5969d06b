import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { defined } from "../provider/lib/defined";
import { Manifests } from "../provider/resources";
import type { AddonArgs, ManifestFile } from "./args/addon";
import { timeoutsOf } from "./settings";
import { checkAddonArgs } from "./validate";

/**
 * Manifests in a cluster: applied server-side, waited for, kept as the program says, deleted with what leaves the list.
 * It waits for the cluster's control planes and for the workers declared before it.
 *
 * @example
 * new kubeadm.Addon("hello", { cluster, manifests: [{ file: "hello.yaml" }] });
 */
export class Addon extends pulumi.ComponentResource {
  constructor(name: string, args: AddonArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("kubeadm:index:Addon", name, {}, options);
    checkAddonArgs(name, args);
    const { wiring } = args.cluster;
    if (!wiring) throw new pulumi.RunError(`Addon ${name}: cluster: the cluster is not complete yet`);
    const inputs = defined({
      clusterId: wiring.clusterId,
      name,
      manifests: pulumi.output(args.manifests).apply((manifests) => manifests.map(read)),
      reach: { ...wiring.reach },
      wait: args.wait,
      force: args.force,
      timeouts: timeoutsOf(wiring.args.timeouts, args.timeouts),
    });
    const dependsOn = [...wiring.controlPlanes, ...wiring.workers];
    new Manifests(`${name}-manifests`, inputs as never, { parent: this, dependsOn });
    this.registerOutputs({});
  }
}

function read(manifest: Record<string, unknown> | string | ManifestFile): Record<string, unknown> | string {
  if (typeof manifest === "string") return manifest;
  const file = manifest["file"];
  return typeof file === "string" && !("kind" in manifest)
    ? readFileSync(file, "utf8")
    : (manifest as Record<string, unknown>);
}
