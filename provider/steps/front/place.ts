// The API's virtual address on one control plane, by whatever holds it; what the other way left is taken away.

import { frontProblems } from "../../kubeadm/front";
import type { KubeVipCredentials } from "../../kubeadm/kubeVip";
import { describe } from "../../kubeadm/problem";
import { deadline, type Front } from "../../kubeadm/spec";
import { RefusedError } from "../../lib/errors";
import type { NodeContext } from "../kubeadm/context";
import { applyKeepalived, isDue, keepalivedChanges, keepalivedPaths } from "./keepalived";
import { placeKubeVip } from "./kubeVip";
import { type FrontLook, lookAtFront } from "./look";
import { removeFront } from "./remove";

export async function placeFront(context: NodeContext, credentials: KubeVipCredentials): Promise<void> {
  const { host, plan } = context;
  const { front } = plan;
  if (front === undefined) return;
  const problems = frontProblems(front);
  if (problems.length > 0) throw new RefusedError(problems.map(describe).join("\n  "));
  const seen = await look(context, front);
  const holdsOther =
    front.by === "kube-vip" && [...seen.units.values()].some(({ enabled, active }) => enabled || active);
  if (holdsOther) await removeFront(host);
  if (front.by === "kube-vip") return placeKubeVip(host, seen.plan, credentials);
  const changes = keepalivedChanges(seen);
  if (!isDue(changes)) return;
  await applyKeepalived(host, changes, deadline(plan.timeouts, "command"));
}

function look({ host, plan: { name } }: NodeContext, front: Front): Promise<FrontLook> {
  // Which interface it is changes what is in the files, not which there are.
  const paths = keepalivedPaths({ front, node: name, interface: "" });
  return lookAtFront(host, front, name, paths);
}
