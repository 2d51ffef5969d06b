// The words after `pulumi-kubeadm bundle`, checked.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { Architecture } from "../host/os/os";
import { defaultVersions, kubeVipImage } from "../kubeadm/companions";
import { versionProblems } from "../kubeadm/versions";
import { UserError } from "../lib/errors";
import { type BundleOptions, defaultComponents } from "./make";
import type { Credentials } from "./registry";

const tagOf = (image: string) => image.slice(image.lastIndexOf(":") + 1);

export const usage = `Usage: pulumi-kubeadm bundle --output DIR [options]

Makes a directory with everything that hosts without a way out need: programs, images and packages, with digests.
Give it to a cluster as source: { bundle: { path: DIR } }.

  --output DIR                  where to; what an earlier run fetched whole stays
  --kubernetes-version VERSION  default ${defaultVersions.kubernetes}
  --arch ARCH                   amd64 or arm64; may be given twice; default amd64
  --containerd VERSION          default ${defaultVersions.containerd}
  --runc VERSION                default ${defaultVersions.runc}
  --cni-plugins VERSION         default ${defaultVersions.cniPlugins}
  --flannel VERSION             default ${defaultVersions.flannel}; --no-flannel leaves its images out
  --image REF                   a further image, for workloads; may be given often
  --mirror URL                  a mirror of upstream's release addresses: URL/<upstream host>/<path>
  --registry HOST=URL           fetch HOST's images from URL; may be given often
  --auth FILE                   credentials for registries, as docker's config.json
  --os ID/VERSION               the system that --packages is for, such as debian/12
  --packages DIR                packages fetched before, with all they depend on, such as by
                                apt-get install --download-only on a host of that system
  --front-packages DIR          the same for keepalived and haproxy, which hold a virtual address of the API
                                (endpoint.virtualIp); only its control planes get them
  --virtual-kubelet FILE        a node agent of your own build, for the one --arch; default: the one in this package
  --kube-vip                    the image of kube-vip ${tagOf(kubeVipImage)}, which holds it where the program says so
`;

const text = { type: "string" } as const;
const list = { type: "string", multiple: true } as const;
const options = {
  output: text,
  "kubernetes-version": text,
  arch: list,
  containerd: text,
  runc: text,
  "cni-plugins": text,
  flannel: text,
  "no-flannel": { type: "boolean" },
  image: list,
  mirror: text,
  registry: list,
  auth: text,
  os: text,
  packages: text,
  "front-packages": text,
  "virtual-kubelet": text,
  "kube-vip": { type: "boolean" },
} as const;

const authSchema = z.object({ auths: z.record(z.string(), z.object({ auth: z.string().optional() })).optional() });

/** docker writes a registry as a host or as an address, and user and password as one base64 word. */
export function parseAuth(content: string): Map<string, Credentials> {
  const { auths = {} } = authSchema.parse(JSON.parse(content));
  const entries = Object.entries(auths).flatMap(([registry, { auth }]) => {
    if (auth === undefined) return [];
    const [username = "", ...rest] = Buffer.from(auth, "base64").toString("utf8").split(":");
    const host = registry.includes("://") ? new URL(registry).host : registry;
    return [
      [host === "index.docker.io" ? "registry-1.docker.io" : host, { username, password: rest.join(":") }] as const,
    ];
  });
  return new Map(entries);
}

function mirrorOf(word: string): [registry: string, url: string] {
  const at = word.indexOf("=");
  const url = word.slice(at + 1);
  if (at < 1 || !URL.canParse(url))
    throw new UserError(
      `--registry ${word} is not HOST=URL`,
      "write it as --registry registry.k8s.io=https://mirror.example",
    );
  return [word.slice(0, at), url];
}

function architectures(words: readonly string[]): Architecture[] {
  return [...new Set(words)].map((word) => {
    if (word === "amd64" || word === "arm64") return word;
    throw new UserError(`--arch ${word} is not supported`, "it is amd64 or arm64");
  });
}

/** undefined: help was asked for. */
export async function bundleOptions(
  words: readonly string[],
  say: (text: string) => void,
): Promise<BundleOptions | undefined> {
  if (words.includes("--help") || words.includes("-h")) return undefined;
  const { values } = parseArgs({ args: [...words], options, allowPositionals: false });
  if (values.output === undefined) throw new UserError("--output is missing", "name the directory the bundle goes to");
  const packages = values.packages ?? values["front-packages"];
  if ((values.os === undefined) !== (packages === undefined))
    throw new UserError("--os and --packages or --front-packages go together");
  const version = values["kubernetes-version"] ?? defaultVersions.kubernetes;
  const [problem] = versionProblems(version, "--kubernetes-version");
  if (problem !== undefined) throw new UserError(`${problem.path}: ${problem.reason}`);
  const base = defaultComponents(version.replace(/^v/, ""));
  return {
    versions: {
      ...base,
      containerd: values.containerd ?? base.containerd,
      runc: values.runc ?? base.runc,
      cniPlugins: values["cni-plugins"] ?? base.cniPlugins,
    },
    architectures: architectures(values.arch ?? ["amd64"]),
    output: values.output,
    mirror: values.mirror,
    cni: values["no-flannel"] ? "none" : { flannel: values.flannel === undefined ? {} : { version: values.flannel } },
    images: [...(values.image ?? []), ...(values["kube-vip"] ? [kubeVipImage] : [])],
    system: values.os,
    packages: values.packages,
    frontPackages: values["front-packages"],
    virtualKubelet: values["virtual-kubelet"],
    registries: {
      mirrors: new Map((values.registry ?? []).map(mirrorOf)),
      credentials: values.auth === undefined ? new Map() : parseAuth(await readFile(values.auth, "utf8")),
      // A day: what ends a stuck run is whoever started it.
      signal: AbortSignal.timeout(24 * 3600 * 1000),
    },
    say,
  };
}
