// Whether every node may go along: versions beside versions, and who is away already. Pure.
import { unavailableBudget } from "../../kubeadm/unavailable";
import { minorOf, parseVersion, skewProblems } from "../../kubeadm/versions";
import type { ClusterView, Finding, NodeView, UpgradeWish } from "./view";

/** Upstream's policy as it has to hold when the API servers are at the new version; nothing is ever newer than that. */
export function judgeVersions({ nodes, servers, kubeProxy }: ClusterView, { to }: UpgradeWish): Finding[] {
  return [
    ...servers.flatMap(({ name, version }) =>
      version === undefined ? [] : told(name, `API server`, version, to, ahead(version, to) ?? skipped(version, to)),
    ),
    ...nodes.flatMap(({ name, kubelet }) =>
      told(name, "kubelet", kubelet, to, ahead(kubelet, to) ?? tooOld(kubelet, to)),
    ),
    ...(kubeProxy === undefined
      ? []
      : told(undefined, "kube-proxy", kubeProxy, to, ahead(kubeProxy, to) ?? tooOld(kubeProxy, to))),
  ];
}

interface Misfit {
  why: string;
  remedy: string;
}

function told(
  node: string | undefined,
  part: string,
  version: string,
  to: string,
  misfit: Misfit | undefined,
): Finding[] {
  if (!misfit) return [];
  const { why, remedy } = misfit;
  const text = `runs ${part} ${version}, ${why} ${to}`;
  return [{ check: "UpgradeVersions", ...(node === undefined ? {} : { node }), text, remedy }];
}

function ahead(version: string, to: string): Misfit | undefined {
  const [found, wanted] = [parseVersion(version), parseVersion(to)];
  if (!found || !wanted || found.compareMain(wanted) <= 0) return undefined;
  const remedy = `set \`kubernetesVersion\` to ${found.version} or later: there is no way back`;
  return { why: "which is later than", remedy };
}

function skipped(version: string, to: string): Misfit | undefined {
  const [found, wanted] = [parseVersion(version), parseVersion(to)];
  if (!found || !wanted || wanted.minor - found.minor <= 1) return undefined;
  const remedy = `upgrade to a ${found.major}.${found.minor + 1} release first: kubeadm goes up one minor at a time`;
  return { why: "more than one minor before", remedy };
}

/** Kubelets and kube-proxies may be three minors behind; the nodes themselves follow in the same run. */
function tooOld(version: string, to: string): Misfit | undefined {
  if (!parseVersion(version) || skewProblems({ apiServer: to, kubelet: version }).length === 0) return undefined;
  const remedy = `upgrade it to a release of ${minorOf(to)} or of one of the three minors before first`;
  return { why: "which may not stand beside an API server of", remedy };
}

/** A worker that is away counts as one of those that may be; a control plane never may. */
export function judgeReadiness({ nodes }: ClusterView, { maxUnavailable }: UpgradeWish): Finding[] {
  const workers = nodes.filter(({ controlPlane }) => !controlPlane);
  const away = workers.filter(({ notReady }) => notReady !== undefined);
  const budget = unavailableBudget(maxUnavailable, workers.length);
  return [
    ...nodes.filter(({ controlPlane, notReady }) => controlPlane && notReady !== undefined).map(controlPlaneAway),
    ...away.map((worker) => workerAway(worker, { away: away.length, budget })),
  ];
}

function controlPlaneAway({ name, notReady }: NodeView): Finding {
  return {
    check: "UpgradeControlPlanes",
    node: name,
    text: `is a control plane and not Ready: ${notReady}`,
    remedy: `bring it back (\`systemctl status kubelet\` on it), or take it out of the program in a run of its own first`,
  };
}

function workerAway({ name, notReady }: NodeView, { away, budget }: { away: number; budget: number }): Finding {
  const allowed = `\`upgrade.maxUnavailable\` allows ${budget}`;
  const finding = { check: "UpgradeWorkers", node: name };
  if (away >= budget)
    return {
      ...finding,
      text: `is not Ready (${notReady}); with it ${away} of the workers ${away === 1 ? "is" : "are"} away and ${allowed}, so no other could be upgraded`,
      remedy: `bring it back, take it out of the program in a run of its own first, or raise \`upgrade.maxUnavailable\` above ${away}`,
    };
  return {
    ...finding,
    warning: true,
    text: `is not Ready (${notReady}) and uses up one of the ${budget} workers that may be away: the others are upgraded without it`,
    remedy: "bring it back and run again, or take it out of the program",
  };
}
