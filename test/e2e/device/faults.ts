// What pods of the device that is reached by SSH do not notice, and what is caught up with afterwards.
import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { apiAway, awayMs } from "../../support/apiAway";
import { eventually } from "../../support/patience";
import { assertSame, killAgent, nodeReady, nodeUnreachable } from "../../support/virtualNodes";
import type { Loose } from "../../support/workstation";
import { newKey } from "../sshKeys";
import { gauge, namespace, type Plant, press } from "./plant";
import { crowd, flood } from "./pods";

export function faults(at: () => Plant): void {
  const podNamed = (name: string): Promise<Loose> => at().kubectl.get("pod", name, "-n", namespace);
  const numbers = async () => (await at().inHall("logs", "numbers")).trimEnd().split("\n");
  const token = () => at().inHall("exec", "bearer", "--", "cat", "token/token");
  let firstToken = "";

  /** The pod that counts, as it was before something and is after it: the same one, with every number once. */
  async function unharmed(before: Loose): Promise<void> {
    await eventually("the pod Ready again", async () => {
      const { status } = await podNamed("numbers");
      return status.conditions.some((one: Loose) => one.type === "Ready" && one.status === "True");
    });
    assertSame(before, await podNamed("numbers"));
    const { length } = await numbers();
    const longer = await eventually("that it goes on counting", async () => {
      const now = await numbers();
      return now.length > length && now;
    });
    assert.deepEqual(longer, Array.from(longer.keys(), String));
  }

  it("loses no pod and no line of a log when its agent is killed", async () => {
    await at().inHall("wait", "--for=condition=Ready", "pod/numbers", "pod/bearer", "--timeout=120s");
    firstToken = await token();
    const before = await podNamed("numbers");
    await killAgent(at().lab, "w1", press);
    await unharmed(before);
  });

  it("is called unreachable within 40 s of its being cut off, and its pods stay as they were", async () => {
    const [before, leaving] = [await podNamed("numbers"), await podNamed("leaving")];
    const began = Date.now();
    await at().lab.cut("press");
    try {
      const { lastTransitionTime, message } = await nodeUnreachable(at().kubectl, press);
      // The condition's times are whole seconds, cut off.
      assert.ok(Date.parse(lastTransitionTime) - began <= 40_000, `${lastTransitionTime}, cut off at ${began}`);
      assert.match(message, /the device cannot be reached/);
      await at().inHall("delete", "pod", "leaving", "--wait=false");
      await at().inHall("delete", "pod", "torn", "--grace-period=0", "--force");
      await sleep(Math.max(0, began + awayMs - Date.now()));
      const terminating = await podNamed("leaving");
      assert.equal(terminating.metadata.uid, leaving.metadata.uid);
      assert.ok(terminating.metadata.deletionTimestamp);
      assert.equal((await podNamed("numbers")).status.phase, "Running");
      assert.ok((await at().processes("leaving-meanwhile")) > 0, "the device goes on");
      assert.ok((await at().processes("torn-meanwhile")) > 0, "the device goes on");
    } finally {
      await at().lab.heal("press");
    }
    await nodeReady(at().kubectl, press);
    await unharmed(before);
  });

  it("ends what was deleted meanwhile, also by force", async () => {
    await eventually("the deleted pod gone", async () => {
      return (await at().inHall("get", "pod", "leaving", "--ignore-not-found")) === "";
    });
    for (const mark of ["leaving-meanwhile", "torn-meanwhile"])
      await eventually(`no process of ${mark}`, async () => (await at().processes(mark)) === 0);
  });

  it("goes on while the API is away, and is Ready when it is back", async () => {
    const [before, onTheLine] = [await podNamed("numbers"), await podNamed("steady")];
    await apiAway(at().lab, "cp1", at().kubectl);
    for (const device of [press, gauge]) await nodeReady(at().kubectl, device);
    await unharmed(before);
    assertSame(onTheLine, await podNamed("steady"));
  });

  it("renews the token of a pod that runs", async () => {
    const renewed = await eventually("another token", async () => {
      const now = await token();
      return now !== firstToken && now;
    });
    const kind = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview" };
    const { status } = await at().kubectl.create({ ...kind, spec: { token: renewed } });
    assert.equal(status.user?.username, `system:serviceaccount:${namespace}:default`);
    assert.deepEqual(status.user.extra["authentication.kubernetes.io/pod-name"], ["bearer"]);
  });

  it("is told as what it is when its credentials are wrong, and right ones heal it", async () => {
    const before = await podNamed("numbers");
    await at().describe((await newKey()).privateKey);
    const { code, output } = await at().program.stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /it is not Ready: .*unable to authenticate/);
    await at().describe(at().lab.privateKey());
    await at().up();
    await nodeReady(at().kubectl, press);
    await unharmed(before);
  });
}

export function masses(at: () => Plant): void {
  it("holds a log to its size, whatever a pod writes", async () => {
    await at().apply([flood()]);
    const most = 3 * 256 * 1024;
    let seen = 0;
    await eventually("the flood's end", async () => {
      const files = "find /device/home/plc/.pulumi-kubeadm -path '*/main/0/log.*' -exec stat -c '%n %s' {} +";
      const sizes = new Map<string, number>();
      for (const found of (await at().lab.sh("press", files)).split("\n")) {
        const [path = "", size] = found.split(" ");
        const directory = path.slice(0, path.lastIndexOf("/"));
        sizes.set(directory, (sizes.get(directory) ?? 0) + Number(size));
      }
      seen = Math.max(seen, ...sizes.values());
      return (await at().inHall("logs", "flood", "--tail=1")) === "over\n";
    });
    // One file that goes may be counted beside the one that comes.
    assert.ok(seen > most / 2 && seen <= most + 256 * 1024, `${seen} of at most ${most} bytes`);
    assert.match(await at().inHall("logs", "flood", "--tail=3"), /^19999\n20000\nover\n$/);
    await at().inHall("delete", "pod", "flood");
  });

  it("runs a hundred pods at once, and then none of them", async () => {
    const processes = () => at().processes("sleep 86399");
    await at().apply([crowd(100)]);
    await at().inHall("rollout", "status", "deployment/crowd", "--timeout=300s");
    assert.equal(await processes(), 100);
    await at().inHall("delete", "deployment", "crowd");
    await eventually("all of them gone", async () => {
      return (await at().inHall("get", "pods", "-l", "app=crowd")) === "" && (await processes()) === 0;
    });
  });
}
