import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { closeHosts } from "../../provider/host/held";
import { ourselves } from "../../provider/host/holder";
import { leaseDirectory, leaseTiming } from "../../provider/host/lease";
import { LockedError } from "../../provider/lib/errors";
import { currentRun } from "../../provider/ssh/run";
import { type Sshd, startSshd } from "./support/sshd";
import { leaveWorld, onHost, ownWorld, said, scope } from "./support/world";

let sshd: Sshd;
before(async () => {
  ownWorld();
  sshd = await startSshd();
});
beforeEach(async () => {
  await closeHosts();
  rmSync(leaseDirectory.path, { recursive: true, force: true });
  said.length = 0;
});
after(async () => {
  await leaveWorld();
  await sshd.stop();
});

const leaseFile = () => join(leaseDirectory.path, "lease.json");
const uptime = () => Math.floor(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]));
const exclusive = { exclusive: true };

/** As another run would have left it, last heard of `age` seconds ago. */
function heldBy(more: Partial<ReturnType<typeof ourselves>>, age: number): void {
  mkdirSync(leaseDirectory.path, { recursive: true });
  const lease = {
    ...ourselves(),
    run: `${scope}other`,
    holder: "ann@elsewhere pid 42",
    workstation: "elsewhere",
    ...more,
  };
  writeFileSync(leaseFile(), `${JSON.stringify({ ...lease, since: "2026-01-02T03:04:05Z" })}\n`);
  writeFileSync(join(leaseDirectory.path, "lease.beat"), String(uptime() - age));
}

/** A command as another run would have started it. */
function leftover(script: string, marks: Record<string, string> = {}): ChildProcess {
  const child = spawn("timeout", ["-k", "5", "60", "sh", "-c", script], {
    env: { ...process.env, PULUMI_KUBEADM_RUN: `${scope}killed`, ...marks },
    stdio: "ignore",
  });
  return child;
}
const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

test("whoever changes a host holds its lease, and gives it back", async () => {
  await onHost(
    sshd.connection(),
    async () => {
      const lease = JSON.parse(readFileSync(leaseFile(), "utf8"));
      assert.equal(lease.run, currentRun().id);
      assert.equal(lease.pid, process.pid);
      assert.match(lease.holder, new RegExp(`@${hostname()} pid ${process.pid}$`));
    },
    exclusive,
  );
  await closeHosts();
  assert.equal(existsSync(leaseDirectory.path), false);
});

test("who only looks takes none", async () => {
  await onHost(sshd.connection(), async (host) => {
    await host.run(["true"]);
    assert.equal(existsSync(leaseFile()), false);
  });
});

test("another run is refused with who holds the host and since when", async () => {
  heldBy({}, 10);
  await assert.rejects(
    onHost(sshd.connection(), async () => assert.fail("not reached"), exclusive),
    (error: Error) => {
      assert.ok(error instanceof LockedError, String(error));
      assert.match(
        error.message,
        /w1 .* is in use by another run: ann@elsewhere pid 42, since 2026-01-02T03:04:05Z .*1\d s ago/,
      );
      return true;
    },
  );
  assert.match(readFileSync(leaseFile(), "utf8"), /ann@elsewhere/);
});

test("a stale lease is taken over, one from before a reboot too", async () => {
  for (const age of [leaseTiming.staleSeconds + 5, -1000]) {
    heldBy({}, age);
    await onHost(
      sshd.connection(),
      async () => assert.match(readFileSync(leaseFile(), "utf8"), new RegExp(currentRun().id)),
      exclusive,
    );
    await closeHosts();
  }
});

test("a dead process of this workstation is replaced at once, a living one is not", async () => {
  const dead = { workstation: ourselves().workstation, pid: process.pid, started: "1" };
  heldBy(dead, 3);
  await onHost(sshd.connection(), async (host) => host.run(["true"]), exclusive);
  await closeHosts();
  heldBy({ workstation: ourselves().workstation }, 3);
  await assert.rejects(
    onHost(sshd.connection(), async () => {}, exclusive),
    LockedError,
  );
});

test("an unreadable lease holds until it is stale", async () => {
  heldBy({}, 3);
  writeFileSync(leaseFile(), '{"run":"x"');
  await assert.rejects(
    onHost(sshd.connection(), async () => {}, exclusive),
    /an unreadable lease/,
  );
});

test("a run that lets go in the meantime is waited for", async () => {
  leaseTiming.politeMs = 30_000;
  heldBy({}, 3);
  const letGo = setInterval(() => {
    if (said.some((line) => line.includes("in use by ann@elsewhere"))) heldBy({}, 100);
  }, 20);
  try {
    await onHost(sshd.connection(), async () => {}, exclusive);
  } finally {
    clearInterval(letGo);
    leaseTiming.politeMs = 0;
  }
});

test("in one run, one at a time changes a machine", async () => {
  let inside = 0;
  const one = () =>
    onHost(
      sshd.connection(),
      async (host) => {
        inside += 1;
        assert.equal(inside, 1);
        await host.run(["sleep", "0.1"]);
        inside -= 1;
      },
      exclusive,
    );
  await Promise.all([one(), one(), one()]);
});

test("a lease that another run took over stops the next command", async () => {
  leaseTiming.renewMs = 50;
  try {
    const work = onHost(
      sshd.connection(),
      async (host) => {
        heldBy({}, 0);
        for (;;) await host.run(["sleep", "0.2"]);
      },
      exclusive,
    );
    await assert.rejects(
      work,
      (error: Error) => error instanceof LockedError && /took this host over/.test(error.message),
    );
  } finally {
    leaseTiming.renewMs = 15_000;
  }
});

test("the lease is renewed while it is held, and made anew on a host that was rebooted", async () => {
  leaseTiming.renewMs = 50;
  try {
    await onHost(
      sshd.connection(),
      async (host) => {
        await host.run(["rm", "-rf", leaseDirectory.path]);
        while (!existsSync(leaseFile())) await sleep(50);
        await host.run(["true"]);
      },
      exclusive,
    );
  } finally {
    leaseTiming.renewMs = 15_000;
  }
});

test("what a killed run left is ended, stubborn children included, before anything else is done", async () => {
  const ready = join(sshd.directory, "stubborn");
  const child = leftover(`sh -c 'trap "" TERM; touch ${ready}; while :; do sleep 0.1; done'`);
  while (!existsSync(ready)) await sleep(20);
  await onHost(
    sshd.connection(),
    async (host) => {
      const { stdout } = await host.sh('pgrep -f "$1" || :', [`touch ${ready}; whil[e]`]);
      assert.equal(stdout, "");
    },
    exclusive,
  );
  assert.ok(ended(child));
  assert.ok(
    said.some((line) => line.includes("ending on w1")),
    said.join("\n"),
  );
});

test("what must finish is awaited", async () => {
  const proof = join(sshd.directory, "finished");
  const child = leftover(`sleep 2; touch ${proof}`, { PULUMI_KUBEADM_WAIT: "1" });
  await onHost(sshd.connection(), async () => assert.ok(existsSync(proof)), exclusive);
  assert.equal(child.signalCode, null);
  assert.ok(
    said.some((line) => /waiting on w1.*timeout -k 5 60/.test(line)),
    said.join("\n"),
  );
});

test("a daemon that a finished command started is left alone", async () => {
  const daemon = spawn("sleep", ["60"], {
    env: { ...process.env, PULUMI_KUBEADM_RUN: `${scope}killed`, PULUMI_KUBEADM_WAIT: "1" },
    stdio: "ignore",
    detached: true,
  });
  await onHost(sshd.connection(), async () => {}, exclusive);
  assert.equal(ended(daemon), false);
  daemon.kill("SIGKILL");
});

test("other runs' looks, other scopes and our own commands are left alone", async () => {
  const look = leftover("sleep 60", { PULUMI_KUBEADM_SHARED: "1" });
  const stranger = leftover("sleep 60", { PULUMI_KUBEADM_RUN: "stranger" });
  const own = leftover("sleep 60", { PULUMI_KUBEADM_RUN: currentRun().id });
  await onHost(sshd.connection(), async () => {}, exclusive);
  const alive = [look, stranger, own].map((child) => !ended(child));
  for (const child of [look, stranger, own]) child.kill("SIGTERM");
  assert.deepEqual(alive, [true, true, true]);
});
