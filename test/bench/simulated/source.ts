// A bundle whose files are small: what is measured is how many hosts go side by side, not this machine's bandwidth.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { imagesFor } from "../../../provider/kubeadm/images";
import { allArtifacts } from "../../../provider/source/artifacts";
import { versions } from "../../tools/versions";
import { addedPackages } from "./facts";
import type { SimulatedHost } from "./host";

export const fileKiB = 256;

const cluster = { kubernetesVersion: versions.kubernetes.default, cni: { flannel: {} } } as const;

export function imagesOf({ controlPlane }: Pick<SimulatedHost, "controlPlane">): string[] {
  const { first, rest } = imagesFor({ ...cluster, role: controlPlane ? "controlPlane" : "worker" });
  return [...first, ...rest];
}

interface Entry {
  path: string;
  sha256: string;
  size: number;
}

function put(directory: string, path: string): Entry {
  const content = randomBytes(fileKiB * 1024);
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), content);
  return { path, sha256: createHash("sha256").update(content).digest("hex"), size: content.length };
}

export function makeSource(directory: string): void {
  const { containerd, runc, cniPlugins } = versions;
  const programs = allArtifacts({ kubernetes: cluster.kubernetesVersion, containerd, runc, cniPlugins }, "amd64");
  const refs = [...new Set([...imagesOf({ controlPlane: true }), ...imagesOf({ controlPlane: false })])];
  const images = refs.map((ref) => {
    const file = `${ref.replaceAll(/[/:]/g, "_")}.tar`;
    const { sha256, size } = put(directory, `images/amd64/${file}`);
    return { ref, file, sha256, size };
  });
  writeFileSync(join(directory, "images/amd64/index.json"), JSON.stringify(images));
  const files = [
    ...programs.map(({ path }) => put(directory, path)),
    ...addedPackages.map((name) => put(directory, `packages/debian/12/amd64/${name}_1.0_amd64.deb`)),
  ];
  const index = { format: 1, kubernetesVersion: cluster.kubernetesVersion, architectures: ["amd64"], files };
  writeFileSync(join(directory, "bundle.json"), JSON.stringify(index));
}
