// containerd's configuration, for both shapes of it: 1.6 and 1.7 (version 2), 2.x (version 3).
import { type SemVer, valid } from "semver";

import { type Document, merge } from "../lib/merge";
import { stringifyToml } from "../lib/toml";
import type { CgroupDriver } from "./plan";
import { certificatesDirectory, endpointCredentials } from "./registries";
import type { Containerd } from "./spec";
import { parseVersion } from "./versions";

export const containerdConfigPath = "/etc/containerd/config.toml";

export interface ContainerdPlan {
  /** Of the containerd that is or will be on the host. */
  version: string;
  cgroupDriver: CgroupDriver;
  sandboxImage: string;
  registries?: Containerd["registries"];
  /** The user's own, merged over, as the object that TOML describes. */
  config?: Containerd["config"];
}

/** The text of config.toml. May hold registry credentials: to be written with mode 0600. */
export function containerdConfig(plan: ContainerdPlan): string {
  return stringifyToml(containerdDocument(plan));
}

export function containerdDocument(plan: ContainerdPlan): Document {
  const version = containerdVersion(plan.version);
  const ours = version.major === 1 ? versionTwo(plan, version) : versionThree(plan, version);
  return merge(ours, plan.config ?? {});
}

/** Distributions append their own: "1.6.20~ds1", "1.7.24-0ubuntu1". */
function containerdVersion(text: string): SemVer {
  const plain = /^v?(\d+\.\d+\.\d+)/.exec(text)?.[1];
  const version = plain !== undefined && valid(plain) ? parseVersion(plain) : undefined;
  if (version === undefined || version.compare("1.6.0") < 0) {
    throw new RangeError(`containerd "${text}" is not supported: 1.6 or later is needed`);
  }
  return version;
}

function versionTwo(plan: ContainerdPlan, version: SemVer): Document {
  return {
    version: 2,
    plugins: {
      "io.containerd.grpc.v1.cri": {
        sandbox_image: plan.sandboxImage,
        cni: cni(version),
        containerd: runtimes(plan),
        registry: registry(plan, version),
      },
    },
  };
}

function versionThree(plan: ContainerdPlan, version: SemVer): Document {
  return {
    version: 3,
    plugins: {
      "io.containerd.cri.v1.images": {
        pinned_images: { sandbox: plan.sandboxImage },
        registry: registry(plan, version),
      },
      "io.containerd.cri.v1.runtime": { cni: cni(version), containerd: runtimes(plan) },
    },
  };
}

/** Said although it is upstream's default: distributions build with another directory. */
function cni(version: SemVer): Document {
  const directory = "/opt/cni/bin";
  // 2.1 deprecates the one and 2.0 does not know the other.
  const programs = version.compare("2.1.0") < 0 ? { bin_dir: directory } : { bin_dirs: [directory] };
  return { ...programs, conf_dir: "/etc/cni/net.d" };
}

function runtimes({ cgroupDriver }: ContainerdPlan): Document {
  const runc = {
    runtime_type: "io.containerd.runc.v2",
    options: { SystemdCgroup: cgroupDriver === "systemd" },
  };
  return { default_runtime_name: "runc", runtimes: { runc } };
}

/**
 * hosts.toml carries credentials as a header, which needs no restart. Before 2.2 that header does not reach the
 * server that hands out tokens (Harbor, GitHub), so the older way is used there as well.
 */
function registry({ registries }: ContainerdPlan, version: SemVer): Document {
  const place = { config_path: certificatesDirectory };
  if (version.compare("2.2.0") >= 0) return place;
  const auth = endpointCredentials(registries ?? {}).map(({ host, username, password }) => [
    host,
    { auth: { username, password } },
  ]);
  return auth.length === 0 ? place : { ...place, configs: Object.fromEntries(auth) };
}
