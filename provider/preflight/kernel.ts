// Kernel version, cgroups, and features that are there or can be loaded.
import semver from "semver";
import { atLeast } from "../host/os/release";
import type { Check } from "./check";
import { neededControllers, neededFeatures } from "./table";

const oldestKernel = "4.19";
/** From this version on the kubelet does not start on cgroup v1 unless it is told to. */
const cgroupV1Refused = "1.35.0";

export const kernelIsNewEnough: Check = ({ facts: { kernel } }) => {
  const version = /^\d+\.\d+/.exec(kernel)?.[0] ?? "";
  if (version !== "" && atLeast(version, oldestKernel)) return [];
  return [
    {
      check: "KernelVersion",
      text: `runs Linux ${kernel}, kubeadm needs ${oldestKernel} or later`,
      remedy: "install a newer kernel and boot it",
    },
  ];
};

export const cgroupVersionSuits: Check = ({ facts: { cgroup }, failCgroupV1 }, { kubernetesVersion }) => {
  const version = semver.coerce(kubernetesVersion);
  if (cgroup.version === 2 || failCgroupV1 === false || version === null || semver.lt(version, cgroupV1Refused))
    return [];
  return [
    {
      check: "CgroupVersion",
      text: `uses cgroup v1, which the kubelet ${kubernetesVersion} refuses`,
      remedy:
        "boot it with cgroup v2 (systemd.unified_cgroup_hierarchy=1), or set `failCgroupV1: false` in `kubeadm.kubeletConfiguration` and add SystemVerification to `preflight.ignore`",
    },
  ];
};

export const cgroupControllersAreOn: Check = ({ facts: { cgroup } }) =>
  neededControllers
    .filter((name) => !cgroup.controllers.includes(name))
    .map((name) => ({
      check: `Cgroup-${name}`,
      text: `has no cgroup controller ${name}`,
      remedy:
        name === "memory"
          ? "boot its kernel with cgroup_enable=memory"
          : `use a kernel with the cgroup controller ${name}`,
    }));

export const kernelFeaturesAreThere: Check = ({ facts: { features } }) =>
  neededFeatures
    .filter(({ name, or }) => features[name] === "missing" && (or === undefined || features[or] === "missing"))
    .map(({ name, or, why }) => ({
      check: `Kernel-${name}`,
      text: `has a kernel without ${or === undefined ? name : `${name} and ${or}`}, needed for ${why}`,
      remedy:
        "install the distribution's full kernel with its modules (on RHEL kernels kernel-modules, on Ubuntu linux-modules-extra)",
    }));
