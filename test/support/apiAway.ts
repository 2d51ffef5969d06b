// A control plane's API server that is away for a while, as when it is upgraded and does not come back.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "./patience";
import type { TestLab } from "./testLab";
import type { Workstation } from "./workstation";

/** How long a device, or the API, is away. */
export const awayMs = 60_000;

const manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const aside = "/root/kube-apiserver.yaml";

/** While something is done, and back when it is over. The kubelet takes the pod away when its manifest goes. */
export async function withoutApi(lab: TestLab, host: string, meanwhile: () => Promise<void>): Promise<void> {
  await lab.sh(host, `mv ${manifest} ${aside}`);
  try {
    await meanwhile();
  } finally {
    await lab.sh(host, `mv ${aside} ${manifest}`);
  }
}

/** The API of the cluster's only control plane is away for that long; it answers again when this returns. */
export async function apiAway(lab: TestLab, host: string, kubectl: Workstation): Promise<void> {
  const answers = async () => (await kubectl.run("get", "--raw", "/readyz").catch(() => "")) === "ok";
  await withoutApi(lab, host, async () => {
    await eventually("the API gone", async () => !(await answers()));
    await sleep(awayMs);
    assert.equal(await answers(), false);
  });
  await eventually("the API back", answers);
}
