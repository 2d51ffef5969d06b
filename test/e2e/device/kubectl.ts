// kubectl against pods of the device that is reached by SSH.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { quote } from "../../../provider/lib/shell";
import { Background } from "../../support/background";
import { eventually } from "../../support/patience";
import { onTerminal } from "../../support/terminal";
import type { Loose } from "../../support/workstation";
import { run } from "../../tools/run";
import { namespace, type Plant, press } from "./plant";

export function showing(at: () => Plant): void {
  it("is a node like others to `kubectl get` and `describe`", async () => {
    const { kubectl } = at();
    await at().inHall("wait", "--for=condition=Ready", "pod/shell", "--timeout=120s");
    assert.match(await at().inHall("get", "pods", "-o", "wide"), new RegExp(`shell +2/2 +Running .* ${press} `));
    const pod = await at().inHall("describe", "pod", "shell");
    assert.match(pod, new RegExp(`Node: +${press}/`));
    assert.match(pod, /Started container main/);
    const node = await kubectl.run("describe", "node", press);
    assert.match(node, /Ready +True .*KubeletReady/);
    assert.match(node, new RegExp(`${namespace} +shell `));
  });

  it("tells what its pods use", async () => {
    const raw = (path: string) => at().kubectl.run("get", "--raw", `/api/v1/nodes/${press}/proxy/${path}`);
    // CPU time is counted in hundredths of a second: the first of them takes these pods a while.
    const used = await eventually("CPU time of both containers", async () => {
      const { pods } = JSON.parse(await raw("stats/summary"));
      const found = pods.find(({ podRef }: Loose) => podRef.name === "shell")?.containers;
      return found?.length === 2 && found.every(({ cpu }: Loose) => cpu.usageCoreNanoSeconds > 0) && found;
    });
    assert.deepEqual(used.map(({ name }: Loose) => name).sort(), ["main", "side"]);
    for (const { memory } of used) assert.ok(memory.workingSetBytes > 0);
    const metrics = await raw("metrics/resource");
    assert.match(metrics, /^container_cpu_usage_seconds_total\{.*container="main".*pod="shell".*\} /m);
    assert.match(metrics, /^container_memory_working_set_bytes\{.*container="side".*pod="shell".*\} [1-9]/m);
  });
}

export function logs(at: () => Plant): void {
  const of = (...args: string[]) => at().inHall("logs", "shell", ...args);

  it("gives a container's log by its name, whole, its end, and from a time on", async () => {
    await eventually("the second line", async () => (await of("-c", "main")) === "old\nnew\n");
    assert.equal(await of(), "old\nnew\n");
    assert.match(await of("-c", "side"), /^(tick\n)+$/);
    assert.equal(await of("-c", "main", "--tail=1"), "new\n");
    const timed = /^(\S+) old\n(\S+) new\n$/.exec(await of("-c", "main", "--timestamps"));
    const [, , second = ""] = timed ?? [];
    assert.ok(Date.parse(second) > 0, "a line's time");
    assert.equal(await of("-c", "main", `--since-time=${second}`), "new\n");
    assert.equal(await of("-c", "main", "--since=1h"), "old\nnew\n");
    await eventually("that it is quiet", async () => (await of("-c", "main", "--since=1s")) === "");
    await assert.rejects(of("-c", "none"), /container none is not valid for pod shell/);
  });

  it("follows a log until its container has ended", async () => {
    const following = Background.start(at().kubectl.argv("-n", namespace, "logs", "-f", "waits"));
    await following.said(/first/);
    await at().inHall("exec", "waits", "--", "touch", "go");
    assert.equal(await following.ended, 0);
    assert.equal(following.stdout, "first\nlast\n");
  });

  it("keeps the log of the attempt before", async () => {
    await eventually("the second attempt", async () => (await at().inHall("logs", "crash")) === "try 1\n");
    assert.equal(await at().inHall("logs", "crash", "--previous"), "try 0\n");
    const [status] = (await at().kubectl.get("pod", "crash", "-n", namespace)).status.containerStatuses;
    assert.deepEqual([status.restartCount, status.lastState.terminated.exitCode], [1, 3]);
    await assert.rejects(of("--previous", "-c", "main"), /previous terminated container "main" in pod "shell"/);
  });
}

export function commands(at: () => Plant): void {
  const exec = (...args: string[]) => at().kubectl.argv("-n", namespace, "exec", ...args);

  it("runs commands beside a container, with their output, their input and their exit code", async () => {
    const ended = await run(exec("shell", "-c", "main", "--", "sh", "-c", "echo out; echo err >&2; exit 7"), {
      accept: [7],
    });
    assert.equal(ended.stdout, "out\n");
    assert.match(ended.stderr, /^err\n/);
    const { stdout } = await run(exec("-i", "shell", "--", "cat"), { stdin: "in and out" });
    assert.equal(stdout, "in and out");
    assert.equal(await at().inHall("exec", "shell", "--", "sh", "-c", "echo $HOSTNAME"), "shell\n");
  });

  it("gives a command a terminal of the caller's size", async () => {
    // kubectl tells the size beside the command's start, so it may come a moment later.
    const fits =
      'tty; n=0; until [ "$(stty size)" = "33 101" ] || [ $n -ge 60 ]; do n=$((n + 1)); sleep 1; done; stty size';
    const words = exec("-it", "shell", "-c", "main", "--", "sh", "-c", fits).map(quote).join(" ");
    assert.match(await onTerminal(`stty rows 33 cols 101; ${words}`), /\/dev\/pts\/\d+\r\n33 101\r\n/);
  });

  it("copies files both ways", async () => {
    const dir = mkdtempSync(join(tmpdir(), "vk-device-"));
    try {
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
      writeFileSync(join(dir, "sent"), bytes);
      await at().inHall("cp", join(dir, "sent"), "shell:kept", "-c", "main");
      await at().inHall("cp", "shell:kept", join(dir, "back"), "-c", "main");
      assert.deepEqual(readFileSync(join(dir, "back")), bytes);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("shows what a container prints from now on to who attaches", async () => {
    const attached = Background.start(at().kubectl.argv("-n", namespace, "attach", "shell", "-c", "side"));
    await attached.said(/tick\ntick\n/);
    await attached.stop();
  });

  it("forwards a port to the device's own", async () => {
    const forward = Background.start(at().kubectl.argv("-n", namespace, "port-forward", "pod/web", ":8080"));
    try {
      const [, port] = await forward.said(/127\.0\.0\.1:(\d+) -> 8080/);
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/speed`)).text(), "fast");
    } finally {
      await forward.stop();
    }
  });
}
