// What differs on a host from what the preparation left there, in words for a refresh. Pure.
import type { PrepareContext } from "./context";
import { missingArtifacts } from "./installKubernetes";
import { differingFiles } from "./placeSettings";

export type Found = Pick<PrepareContext, "plan" | "survey" | "inputs">;

const noDigest = { digest: () => undefined };

export function drift(found: Found): string[] {
  const { plan, survey } = found;
  const programs = missingArtifacts({ survey, supply: noDigest }, [...plan.kubernetes, ...plan.runtime]);
  const files = [
    ...differingFiles(found, "kernel"),
    ...differingFiles(found, "runtime"),
    ...differingFiles(found, "kubelet"),
  ];
  const disabled = ["containerd.service", "kubelet.service"].filter((unit) => survey.units.get(unit)?.enabled !== true);
  const sysctls = [...plan.sysctls].filter(([path, value]) => survey.sysctls.get(path) !== value);
  return [
    ...programs.map(({ title }) => `${title} is missing or was changed`),
    ...files.map(({ path }) => `${path} is missing or was changed`),
    ...disabled.map((unit) => `${unit} is not enabled`),
    ...[...survey.restarts].map((unit) => `${unit} has not taken over its changed files`),
    ...(survey.runtime === undefined ? ["the container runtime does not answer"] : []),
    ...sysctls.map(([path, value]) => `${path.replace("/proc/sys/", "").replaceAll("/", ".")} is not ${value}`),
  ];
}
