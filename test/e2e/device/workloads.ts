// Deployments, Jobs, DaemonSets and the ends of pods on the device that is reached by SSH.
import assert from "node:assert/strict";
import { it } from "node:test";
import { eventually } from "../../support/patience";
import type { Loose } from "../../support/workstation";
import { namespace, type Plant, press } from "./plant";
import { everywhere, impossible } from "./pods";

export function controllers(at: () => Plant): void {
  const podsOf = async (selector: string): Promise<Loose[]> =>
    (await at().kubectl.get("pods", "-n", namespace, "-l", selector)).items;

  it("rolls a Deployment", async () => {
    await at().inHall("rollout", "status", "deployment/press", "--timeout=120s");
    const before = await podsOf("app=press");
    await at().inHall("rollout", "restart", "deployment/press");
    await at().inHall("rollout", "status", "deployment/press", "--timeout=120s");
    const now = (await podsOf("app=press")).filter(({ metadata }) => !metadata.deletionTimestamp);
    assert.deepEqual([before.length, now.length], [2, 2]);
    const old = new Set(before.map(({ metadata }) => metadata.uid));
    for (const pod of now) assert.ok(!old.has(pod.metadata.uid) && pod.status.phase === "Running");
  });

  it("completes a Job", async () => {
    await at().inHall("wait", "--for=condition=Complete", "job/done", "--timeout=120s");
    const phases = (await podsOf("job-name=done")).map(({ status }) => status.phase);
    assert.deepEqual(phases, ["Succeeded", "Succeeded"]);
    assert.equal(await at().inHall("logs", "job/done"), "made\n");
  });

  it("fails a Job at its back-off limit", async () => {
    await at().inHall("wait", "--for=condition=Failed", "job/broken", "--timeout=120s");
    const { status } = await at().kubectl.get("job", "broken", "-n", namespace);
    assert.equal(status.conditions.find(({ type }: Loose) => type === "Failed").reason, "BackoffLimitExceeded");
    const codes = (await podsOf("job-name=broken")).map(
      (pod) => pod.status.containerStatuses[0].state.terminated.exitCode,
    );
    assert.deepEqual(codes, [3, 3]);
  });

  it("runs init containers one after the other, before the pod's own", async () => {
    await eventually("the steps", async () => (await at().inHall("logs", "staged", "-c", "main")) === "one\ntwo\n");
    assert.equal(await at().inHall("logs", "staged", "-c", "two"), "prepared\n");
  });

  it("leaves a DaemonSet's pod pending, with an event that names the affinity", async () => {
    await at().apply([everywhere()]);
    const events = await eventually("the event", async () => {
      const here = (await podsOf("app=everywhere")).find(({ spec }) => spec.nodeName === press);
      const said = here && (await at().inHall("events", "--for", `pod/${here.metadata.name}`));
      return said?.includes("CreateContainerConfigError") && { said, phase: here?.status.phase };
    });
    assert.match(events.said, /nodeAffinity .*\{key: type, operator: NotIn, values: \[virtual-kubelet\]\}/);
    assert.equal(events.phase, "Pending");
    await at().inHall("delete", "daemonset", "everywhere");
  });

  it("leaves a pod pending that asks for what it cannot do, and says all of it", async () => {
    await at().apply([impossible()]);
    const waiting = await eventually("the refusal", async () => {
      const { status } = await at().kubectl.get("pod", "impossible", "-n", namespace);
      const { waiting: found } = status.containerStatuses?.[0]?.state ?? {};
      return status.phase === "Pending" && found?.reason === "CreateContainerConfigError" && found;
    });
    const own = "spec.containers[0]";
    for (const path of [
      "spec.securityContext.runAsUser",
      "spec.volumes[0].hostPath",
      `${own}.readinessProbe`,
      `${own}.resources.limits`,
      `${own}.securityContext.privileged`,
      `${own}.tty`,
    ])
      assert.ok(waiting.message.includes(`${path}: `), `${path} in: ${waiting.message}`);
    await at().inHall("delete", "pod", "impossible");
  });
}

export function ends(at: () => Plant): void {
  it("asks a deleted pod to end, and leaves nothing of it", async () => {
    const { uid } = (await at().kubectl.get("pod", "gentle", "-n", namespace)).metadata;
    await at().inHall("delete", "pod", "gentle");
    assert.equal(await at().lab.sh("press", "cat /device/tmp/gentle && rm /device/tmp/gentle"), "asked");
    assert.equal(await at().lab.sh("press", `find /device/home/plc/.pulumi-kubeadm -name ${uid}`), "");
  });

  it("ends a pod at once that is deleted by force, whatever its grace", async () => {
    assert.ok((await at().processes("stubborn")) > 0);
    await at().inHall("delete", "pod", "forced", "--grace-period=0", "--force");
    await eventually("that its process is gone", async () => (await at().processes("stubborn")) === 0);
  });

  it("is drained, and takes pods again afterwards", async () => {
    const { kubectl } = at();
    await kubectl.run("drain", press, "--force", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s");
    const here = ["pods", "-A", "--field-selector", `spec.nodeName=${press}`];
    assert.deepEqual((await kubectl.get(...here)).items, []);
    assert.equal(await at().lab.sh("press", "ls /device/home/plc/.pulumi-kubeadm/*/pods"), "");
    await kubectl.run("uncordon", press);
    await at().inHall("rollout", "status", "deployment/press", "--timeout=120s");
  });
}
