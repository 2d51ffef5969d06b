// Where every control plane was lost, or what holds the virtual address was stopped on all of them, nobody answers at the endpoint that
// this host's own kubeconfigs name: the address comes back before anything is asked there.
import { Kubectl } from "../host/kubectl";
import { withPort } from "../lib/endpoint";
import { adminKubeconfigs, serverOf } from "../steps/endpoint/kubeconfigs";
import { convergeFront } from "../steps/front/convergeFront";
import { frontDrift } from "../steps/front/frontDrift";
import type { ClusterContext } from "../steps/kubeadm/context";
import { runSteps } from "../steps/step";

export async function reviveFront(own: ClusterContext): Promise<void> {
  const { host, plan } = own;
  const { front, target } = plan;
  if (front === undefined || (await frontDrift(host, front)).length === 0) return;
  // A cluster that is only to be led there has its former endpoint, and the move starts the new one in its turn.
  if ((await serverOf(host, adminKubeconfigs[0])) !== withPort(front.address, front.port)) return;
  const [address = ""] = target.address.split(",");
  const kubectl = new Kubectl(host, { server: `https://${withPort(address.trim())}` });
  await runSteps<ClusterContext>({ ...own, kubectl }, [convergeFront]);
}
