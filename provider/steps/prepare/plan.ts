// What a host should have, worked out from what is wanted and what it is. Pure.
import type { Facts } from "../../host/facts";
import type { Architecture } from "../../host/os/os";
import { companions, defaultVersions, kubeVipImage } from "../../kubeadm/companions";
import { cgroupDriverOf } from "../../kubeadm/configuration";
import { containerdConfig, containerdConfigPath } from "../../kubeadm/containerd";
import { flannelImages, imagesFor, pauseImage, splitImage } from "../../kubeadm/images";
import type { CgroupDriver } from "../../kubeadm/plan";
import { type HostFile, registryFiles } from "../../kubeadm/registries";
import * as units from "../../kubeadm/units";
import {
  type Artifact,
  besideOf,
  containerdArtifact,
  kubernetesArtifacts,
  pluginsArtifact,
  programDirectory,
  runcArtifact,
} from "../../source/artifacts";
import { kubeletConf } from "./beside";
import type { PrepareInputs } from "./context";
import type { Wanted } from "./survey";

/** `of`: which step places it, and so what takes it over. */
export type PlannedFile = HostFile & { of: "kernel" | "runtime" | "kubelet" };

export interface Plan {
  /** A runtime was there before us and serves as it is. */
  keepsRuntime: boolean;
  cgroupDriver: CgroupDriver;
  kubernetes: Artifact[];
  runtime: Artifact[];
  files: PlannedFile[];
  /** Path below /proc/sys to value. */
  sysctls: Map<string, string>;
  modules: string[];
  /** What init or join cannot start without is first. */
  images: string[];
  /** Of the version that the node still runs: the cluster's CoreDNS is of it until the last control plane is upgraded. */
  imagesBefore: string[];
  /** Whether an image of a bundle is there for the user's own pods. */
  isWorkload: (ref: string) => boolean;
  /** Where kubeadm, kubelet and kubectl go: beside those that run, or in their place. */
  programs: string;
}

/** What the bundle says about its own content stands in for what the program does not say. */
export interface BundledVersions {
  containerd?: string | undefined;
  runc?: string | undefined;
  cniPlugins?: string | undefined;
}

export interface PlanOptions {
  inputs: PrepareInputs;
  architecture: Architecture;
  keepsRuntime: boolean;
  /** The version that the node runs until its turn to be upgraded. */
  before?: string | undefined;
  bundled?: BundledVersions | undefined;
}

function runtimeVersions({ inputs: { containerd }, bundled }: PlanOptions) {
  return {
    containerd: containerd?.version ?? bundled?.containerd ?? defaultVersions.containerd,
    runc: containerd?.runcVersion ?? bundled?.runc ?? defaultVersions.runc,
    cniPlugins: containerd?.cniPluginsVersion ?? bundled?.cniPlugins ?? defaultVersions.cniPlugins,
  };
}

function runtimeFiles(options: PlanOptions, cgroupDriver: CgroupDriver): HostFile[] {
  const { containerd, kubernetesVersion } = options.inputs;
  const registries = containerd?.registries;
  const config = containerdConfig({
    version: runtimeVersions(options).containerd,
    cgroupDriver,
    sandboxImage: containerd?.sandboxImage ?? pauseImage(kubernetesVersion),
    registries,
    config: containerd?.config,
  });
  return [
    { path: containerdConfigPath, content: config, mode: 0o600 },
    units.containerdUnit(),
    ...registryFiles(registries ?? {}),
  ];
}

function families({ nodeAddresses }: PrepareInputs): (4 | 6)[] {
  const known = nodeAddresses ?? [];
  return known.some((address) => address.includes(":")) ? [4, 6] : [4];
}

function backendOf({ cni }: PrepareInputs): "vxlan" | "host-gw" | "none" {
  return cni === "none" ? "none" : (cni.flannel.backend ?? "vxlan");
}

function imagesOf({ roles, kubernetesVersion, cni, clusterConfiguration, containerd, front }: PrepareInputs): string[] {
  const plan = { kubernetesVersion, cni, clusterConfiguration };
  const control = roles.controlPlane ? imagesFor({ ...plan, role: "controlPlane" }) : undefined;
  const { first, rest } = control ?? imagesFor({ ...plan, role: "worker" });
  const sandbox = containerd?.sandboxImage;
  const holder = front?.by === "kube-vip" ? [front.image ?? kubeVipImage] : [];
  return [...new Set([...(sandbox === undefined ? [] : [sandbox]), ...first, ...holder, ...rest])];
}

/** By the last part of their names, whatever registry and version they are of. */
function systemImages({ kubernetesVersion }: PrepareInputs): Set<string> {
  const images = imagesFor({ kubernetesVersion, role: "controlPlane", cni: { flannel: {} } });
  const flannel = flannelImages({ flannel: {} });
  const network = flannel === undefined ? [] : [flannel.flannel, flannel.plugin];
  return new Set([...images.first, ...images.rest, ...network, kubeVipImage].map(lastPart));
}

function lastPart(ref: string): string {
  return splitImage(ref).repository.split("/").at(-1) ?? "";
}

export function planHost(options: PlanOptions): Plan {
  const { inputs, architecture, keepsRuntime, before } = options;
  const versions = runtimeVersions(options);
  const cgroupDriver = cgroupDriverOf({ kubeletConfiguration: inputs.kubeletConfiguration });
  const modules = units.kernelModules(backendOf(inputs));
  const sysctls = units.sysctls(families(inputs));
  const kubelet = `${programDirectory}/kubelet`;
  const programs = before === undefined ? programDirectory : besideOf(inputs.kubernetesVersion);
  const of = (kind: PlannedFile["of"], files: HostFile[]) => files.map((file) => ({ ...file, of: kind }));
  const plugins = pluginsArtifact(versions.cniPlugins, architecture);
  const system = systemImages(inputs);
  return {
    keepsRuntime,
    cgroupDriver,
    kubernetes: kubernetesArtifacts(inputs.kubernetesVersion, architecture, programs),
    runtime: keepsRuntime
      ? [plugins]
      : [runcArtifact(versions.runc, architecture), containerdArtifact(versions.containerd, architecture), plugins],
    files: [
      ...of("kernel", [units.modulesFile(modules), units.sysctlFile(sysctls)]),
      ...of("runtime", keepsRuntime ? [] : runtimeFiles(options, cgroupDriver)),
      ...of("kubelet", [units.kubeletUnit(kubelet), units.kubeadmDropIn(kubelet)]),
    ],
    sysctls: new Map(Object.entries(sysctls).map(([key, value]) => [`/proc/sys/${key.replaceAll(".", "/")}`, value])),
    modules,
    images: imagesOf(inputs),
    imagesBefore:
      before === undefined || !isKnownVersion(before) ? [] : imagesOf({ ...inputs, kubernetesVersion: before }),
    isWorkload: (ref) => !system.has(lastPart(ref)),
    programs,
  };
}

/** What the survey has to look at, so that it can be compared with the plan. */
export function wanted(plan: Plan): Wanted {
  return {
    files: [...plan.files.map(({ path }) => path), kubeletConf],
    sysctls: [...plan.sysctls.keys()],
    modules: plan.modules,
    units: ["containerd.service", "kubelet.service"],
  };
}

export function architectureOf(facts: Facts): Architecture | undefined {
  const names: Record<string, Architecture | undefined> = {
    x86_64: "amd64",
    amd64: "amd64",
    aarch64: "arm64",
    arm64: "arm64",
  };
  return names[facts.architecture];
}

/** Known before any host is asked: a version without companions has no list of images. */
export function isKnownVersion(version: string): boolean {
  try {
    companions(version);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
