// A device at the end of a serial line, which here is a pseudo-terminal of the worker's.
import assert from "node:assert/strict";
import { it } from "node:test";
import { Background } from "../../support/background";
import { eventually } from "../../support/patience";
import { deviceContainer } from "../../support/suite";
import { assertSame, killAgent, nodeReady, nodeUnreachable, podOn, script } from "../../support/virtualNodes";
import type { Loose } from "../../support/workstation";
import { nodeSuite } from "../nodeSuite";
import { gauge, line, namespace, type Plant } from "./plant";
import { job, pod } from "./pods";

export const linePods = () => [
  job("measure", podOn(gauge, [script("main", "echo measured")]), {}),
  pod("faulty", podOn(gauge, [script("main", "echo no sensor; exit 4")], { restartPolicy: "Never" })),
  pod("steady", podOn(gauge, [script("main", "echo begun; while true; do sleep 1; : on-the-line; done")])),
];

export function lineTests(at: () => Plant): void {
  const podNamed = (name: string): Promise<Loose> => at().kubectl.get("pod", name, "-n", namespace);
  const systemctl = (words: string) => at().lab.sh("w1", `systemctl ${words} ${line.unit}`);
  const processes = async () => Number(await at().lab.sh("w1", "ps -eo args | grep -c '[o]n-the-line' || true"));

  it("runs pods at the end of a serial line, whose logs and ends come back", async () => {
    await at().inHall("wait", "--for=condition=Complete", "job/measure", "--timeout=120s");
    assert.equal(await at().inHall("logs", "job/measure"), "measured\n");
    await at().inHall("wait", "--for=jsonpath={.status.phase}=Failed", "pod/faulty", "--timeout=120s");
    assert.equal(await at().inHall("logs", "faulty"), "no sensor\n");
    assert.equal((await podNamed("faulty")).status.containerStatuses[0].state.terminated.exitCode, 4);
    await eventually("the first line", async () => (await at().inHall("logs", "steady")) === "begun\n");
  });

  it("says at a serial line what cannot be had there", async () => {
    await assert.rejects(
      at().inHall("exec", "steady", "--", "true"),
      /on a serial line runs its containers' own commands/,
    );
    await assert.rejects(
      at().inHall("attach", "steady"),
      /provider serial does not keep the streams .*kubectl logs -f/,
    );
    const forward = Background.start(at().kubectl.argv("-n", namespace, "port-forward", "pod/steady", ":80"));
    try {
      const [, port] = await forward.said(/127\.0\.0\.1:(\d+) -> 80/);
      await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
      await forward.said(/provider serial has no way to a pod's ports/);
    } finally {
      await forward.stop();
    }
  });

  nodeSuite(gauge, () => ({
    kubectl: at().kubectl,
    namespace,
    container: deviceContainer,
    addressless: true,
  }));

  it("loses no pod at the end of a serial line when its agent is killed", async () => {
    const before = await podNamed("steady");
    await killAgent(at().lab, "w1", gauge);
    await nodeReady(at().kubectl, gauge);
    assertSame(before, await podNamed("steady"));
    assert.equal(await at().inHall("logs", "steady"), "begun\n");
  });

  it("holds a log to what a device at the end of a line has room for", async () => {
    await at().apply([pod("torrent", podOn(gauge, [script("main", "seq 20000; echo over; sleep 86400")]))]);
    await eventually("the last line", async () => (await at().inHall("logs", "torrent", "--tail=1")) === "over\n");
    const kept = (await at().inHall("logs", "torrent")).trimEnd().split("\n");
    assert.equal(kept.at(-2), "20000");
    assert.ok(kept.length < 20_000, "what came first has gone");
    await at().inHall("delete", "pod", "torrent");
  });

  it("is called unreachable while nobody answers on its line, and its pods go on", async () => {
    const before = await podNamed("steady");
    await systemctl("kill --signal STOP --kill-whom main");
    try {
      const { message } = await nodeUnreachable(at().kubectl, gauge);
      assert.match(message, /no answer within .* is the device on/);
    } finally {
      await systemctl("kill --signal CONT --kill-whom main");
    }
    await nodeReady(at().kubectl, gauge);
    assertSame(before, await podNamed("steady"));
  });

  it("is found again when its line was pulled out, and runs its pods anew when it was off", async () => {
    // As when the power goes: the device notes nothing of its end. A mere stop would let it see its processes go first.
    await systemctl("kill --signal KILL --kill-whom main");
    await systemctl("stop");
    await nodeUnreachable(at().kubectl, gauge);
    await systemctl("start");
    await nodeReady(at().kubectl, gauge);
    const [status] = await eventually("the container's second attempt", async () => {
      const { containerStatuses } = (await podNamed("steady")).status;
      return containerStatuses[0].restartCount === 1 && containerStatuses[0].state.running && containerStatuses;
    });
    assert.equal(status.lastState.terminated.reason, "DeviceRestarted");
  });

  it("leaves nothing on the device and its machine when it leaves the program", async () => {
    assert.ok((await processes()) > 0);
    await at().without(gauge);
    await at().up();
    assert.equal((await at().kubectl.nodes())[gauge], undefined);
    assert.equal(await processes(), 0);
    const found = `ls -d ${line.directory}/pods/* /etc/pulumi-kubeadm/virtual-kubelet/${gauge} /etc/systemd/system/*@${gauge}* 2>/dev/null || true`;
    assert.equal(await at().lab.sh("w1", found), "");
  });
}
