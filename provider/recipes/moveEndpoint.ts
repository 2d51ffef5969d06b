// A cluster moves to another endpoint in place: certificates one control plane at a time, then all control planes, then each worker,
// then what every node runs. Whoever is the last of its kind does what all were waited for; the former endpoint works until then.
import { controlPlaneRole } from "../kubeadm/names";
import { hostOf, withPort } from "../lib/endpoint";
import { UserError } from "../lib/errors";
import { covers, servedCertificate } from "../steps/certificates/served";
import { announceEndpoint, clusterEndpoint, readEndpoints, rememberEndpoints } from "../steps/endpoint/clusterEndpoint";
import type { MoveContext } from "../steps/endpoint/context";
import { adminKubeconfigs, serverOf } from "../steps/endpoint/kubeconfigs";
import { moveControlPlane, proveFromControlPlane } from "../steps/endpoint/moveControlPlane";
import { reissueDue, reissueServing } from "../steps/endpoint/reissueServing";
import { rememberEndpoint } from "../steps/endpoint/rememberEndpoint";
import type { ClusterContext } from "../steps/kubeadm/context";
import { runSteps, type Step } from "../steps/step";
import type { Attempt } from "./attempt";
import { gate } from "./gate";
import { onPeer } from "./onPeer";

/** Gives the endpoint that the control planes use from here on: the former one while another still lacks its certificate. */
export async function moveControlPlanes(own: ClusterContext, attempt: Attempt): Promise<string> {
  const { host, kubectl, plan, progress } = own;
  const { endpoint } = plan;
  const former = await clusterEndpoint(kubectl);
  const reissue = await reissueDue(host, plan, former);
  const [{ moving: begun }, admin] = await Promise.all([readEndpoints(kubectl), serverOf(host, adminKubeconfigs[0])]);
  const moving = begun || former !== endpoint || admin !== endpoint;
  if (!reissue && !moving) return endpoint;
  await gate(own, attempt, "endpoint");
  const context: MoveContext = { ...own, former };
  if (reissue) await runSteps(context, [reissueServing]);
  if (!moving) return endpoint;
  const late = await withoutName(own);
  if (late.length === 0) {
    await moveTogether(context);
    return endpoint;
  }
  progress.say(`${endpoint} waits for the certificates of ${late.join(", ")}`);
  return former;
}

/** Control planes of the cluster whose API server does not present the new name yet. */
async function withoutName({ host, kubectl, plan }: ClusterContext): Promise<string[]> {
  const late: string[] = [];
  for (const name of await controlPlanes(kubectl)) {
    const served = await servedCertificate(host, withPort(addressOf(plan, name)));
    if (!served || !covers(served, hostOf(plan.endpoint))) late.push(name);
  }
  return late;
}

async function controlPlanes(kubectl: ClusterContext["kubectl"]): Promise<string[]> {
  const nodes = await kubectl.list({ type: "nodes", labels: controlPlaneRole });
  return nodes.map(({ metadata }) => metadata.name);
}

function addressOf({ reach, endpoint }: ClusterContext["plan"], name: string): string {
  const address = reach[name]?.address.split(",")[0]?.trim();
  if (address) return address;
  throw new UserError(
    `${name} is a control plane of the cluster and not of the program, so nobody knows whether it can serve ${endpoint}`,
    "add it to the program, or take it out of the cluster with `kubectl delete node` and `kubeadm reset`",
  );
}

async function moveTogether(context: MoveContext): Promise<void> {
  const { kubectl, plan } = context;
  const names = await controlPlanes(kubectl);
  for (const name of names) await onControlPlane(context, name, [proveFromControlPlane]);
  await rememberEndpoints(kubectl, { moving: true });
  await announceEndpoint(kubectl, plan.endpoint);
  for (const name of names) await onControlPlane(context, name, [moveControlPlane, rememberEndpoint]);
  await rememberEndpoints(kubectl, { moving: false });
}

async function onControlPlane(context: MoveContext, name: string, steps: readonly Step<MoveContext>[]): Promise<void> {
  const { plan } = context;
  if (name === plan.name) return runSteps(context, steps);
  await onPeer(context, name, (host, target) => runSteps({ ...context, host, plan: { ...plan, name, target } }, steps));
}
