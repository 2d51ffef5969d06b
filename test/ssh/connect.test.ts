import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openMachine } from "../../provider/host/open";
import type { Connection } from "../../provider/kubeadm/spec";
import { AuthenticationError, HostKeyError, UnreachableError } from "../../provider/lib/errors";
import { silent } from "../../provider/lib/progress";
import { closeConnections } from "../../provider/ssh/pool";
import { freePort, type Sshd, startSshd } from "./support/sshd";
import { leaveWorld, onHost, ownWorld, said } from "./support/world";

let sshd: Sshd;
let jump: Sshd;
let other: Sshd;
before(async () => {
  ownWorld();
  [sshd, jump, other] = await Promise.all([startSshd(), startSshd(), startSshd()]);
});
after(async () => {
  await leaveWorld();
  await Promise.all([sshd.stop(), jump.stop(), other.stop()]);
});

async function works(connection: Connection): Promise<void> {
  closeConnections(true);
  assert.equal((await onHost(connection, (host) => host.run(["echo", "there"]))).stdout, "there\n");
}
function fails(connection: Connection, kind: new (...rest: never[]) => Error, message: RegExp): Promise<void> {
  closeConnections(true);
  return assert.rejects(
    onHost(connection, (host) => host.run(["true"])),
    (error: Error) => {
      assert.ok(error instanceof kind, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /What to do: /);
      return true;
    },
  );
}
function fingerprintOf(key: string): string {
  const digest = createHash("sha256").update(Buffer.from(key.split(" ")[1] ?? "", "base64"));
  return `SHA256:${digest.digest("base64").replace(/=+$/, "")}`;
}

test("a key pinned in any of its forms is accepted, whatever type the server would show first", async () => {
  const { ed25519, ecdsa } = sshd.hostKeys;
  const pins = [
    ed25519,
    ecdsa,
    `${ecdsa} root@w1`,
    `w1,10.0.0.21 ${ed25519}`,
    fingerprintOf(ed25519),
    fingerprintOf(ecdsa),
  ];
  for (const hostKey of pins) await works(sshd.connection({ hostKey }));
  await works(sshd.connection({ hostKey: `${other.hostKeys.ed25519}\n${ed25519}` }));
});

test("another key is an error that names both fingerprints and comes at once", async () => {
  const expected = fingerprintOf(other.hostKeys.ed25519);
  const shown = new RegExp(`expected ${literal(expected)}, got ${literal(fingerprintOf(sshd.hostKeys.ed25519))}`);
  await fails(sshd.connection({ hostKey: other.hostKeys.ed25519 }), HostKeyError, shown);
  await fails(sshd.connection({ hostKey: expected }), HostKeyError, new RegExp(`expected ${literal(expected)}`));
  await fails(sshd.connection({ hostKey: "nonsense" }), HostKeyError, /not a host key/);
});

test("a pooled connection does not hide a wrong pin", async () => {
  await works(sshd.connection());
  const wrong = onHost(sshd.connection({ hostKey: other.hostKeys.ed25519 }), (host) => host.run(["true"]));
  await assert.rejects(wrong, HostKeyError);
});

test("an unknown key is an error, but for who records it", async () => {
  const { hostKey: _, ...connection } = sshd.connection();
  await fails(connection, HostKeyError, /host key is unknown: got SHA256:/);
  const look = (more: Partial<Connection> = {}, hostKeys = {}) =>
    openMachine(
      { name: "w1", connection: { ...connection, ...more }, hostKeys, progress: silent },
      async (host, seen) => {
        await host.run(["true"]);
        return seen;
      },
    );
  const address = `127.0.0.1:${sshd.port}`;
  const seen = await look();
  assert.deepEqual(Object.keys(seen), [address]);
  assert.ok(Object.values(sshd.hostKeys).includes(seen[address] ?? ""));
  closeConnections(true);
  await assert.rejects(look({ unknownHostKey: "refuse" }), HostKeyError);
  await assert.rejects(look({}, { [address]: other.hostKeys.ed25519 }), HostKeyError);
});

test("the recorded key of every hop is checked", async () => {
  const { hostKey: _, ...connection } = sshd.connection();
  const { hostKey: __, ...hop } = jump.connection();
  const chained = { ...connection, proxy: hop };
  const seen = await openMachine({ name: "w1", connection: chained, progress: silent }, async (_host, keys) => keys);
  assert.equal(Object.keys(seen).length, 2);
  const target = { connection: chained, hostKeys: seen, machineId: "m", address: "127.0.0.1" };
  await onHost(chained, (host) => host.run(["true"]), { target });
  closeConnections(true);
  const hostKeys = { ...seen, [`127.0.0.1:${jump.port}`]: other.hostKeys.ed25519 };
  await assert.rejects(
    onHost(chained, (host) => host.run(["true"]), { target: { ...target, hostKeys } }),
    /jump host .*host key is not/,
  );
});

test("through a chain of jump hosts, each with its own key", async () => {
  await works(sshd.connection({ proxy: { ...jump.connection(), proxy: other.connection() } }));
  await fails(
    sshd.connection({ proxy: { ...jump.connection(), proxy: other.connection({ hostKey: sshd.hostKeys.ed25519 }) } }),
    HostKeyError,
    new RegExp(`jump host 127.0.0.1:${other.port}: the host key is not the expected one`),
  );
  await fails(
    sshd.connection({ proxy: jump.connection({ privateKey: sshd.privateKey }) }),
    AuthenticationError,
    new RegExp(`jump host 127.0.0.1:${jump.port}: the server refused user`),
  );
});

test("a host that its jump host cannot reach, and a jump host that forwards nothing", async () => {
  const nobody = sshd.connection({ port: await freePort(), proxy: { ...jump.connection() } });
  closeConnections(true);
  const timeouts = { connect: 1 };
  await assert.rejects(
    onHost(nobody, (host) => host.run(["true"]), { timeouts }),
    (error: Error) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(error.message, /jump host .* cannot connect to/);
      return true;
    },
  );
  const closed = await startSshd(() => ["AllowTcpForwarding no"]);
  await fails(sshd.connection({ proxy: closed.connection() }), Error, /refuses to forward.*\n.*AllowTcpForwarding/);
  closeConnections(true);
  await closed.stop();
});

test("keys: with passphrase, without it, with a wrong one, refused, unreadable", async () => {
  const privateKey = sshd.lockedKey;
  await works(sshd.connection({ privateKey, privateKeyPassword: "open sesame" }));
  await fails(sshd.connection({ privateKey }), AuthenticationError, /cannot be read.*\n.*privateKeyPassword/);
  await fails(
    sshd.connection({ privateKey, privateKeyPassword: "wrong" }),
    AuthenticationError,
    /cannot be read.*\n.*privateKeyPassword/,
  );
  await fails(
    sshd.connection({ privateKey: other.privateKey }),
    AuthenticationError,
    /refused user .*tried private key; the server takes publickey/,
  );
  await fails(sshd.connection({ privateKey: "~/.ssh/id_ed25519" }), AuthenticationError, /not to its path/);
});

test("the agent's keys are used", async () => {
  const socket = join(sshd.directory, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  try {
    while (!existsSync(socket)) await sleep(20);
    execFileSync("ssh-add", ["-q", join(sshd.directory, "user")], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: "ignore",
    });
    const { privateKey: _, ...connection } = sshd.connection({ agentSocketPath: socket });
    await works(connection);
    await fails({ ...connection, agentSocketPath: `${socket}-gone` }, AuthenticationError, /the agent failed/);
  } finally {
    agent.kill("SIGTERM");
  }
});

test("a host that comes up late is waited for; one that stays away is an error at the deadline", async () => {
  const port = await freePort();
  said.length = 0;
  const waiting = onHost(sshd.connection({ port }), (host) => host.run(["echo", "late"]), {
    timeouts: { connect: 30 },
  });
  await sleep(700);
  const file = join(sshd.directory, "late_config");
  writeFileSync(
    file,
    execFileSync("sed", [`s/^Port .*/Port ${port}/; /^PidFile/d`, join(sshd.directory, "sshd_config")]),
  );
  const late = spawn("/usr/sbin/sshd", ["-D", "-f", file], { stdio: "ignore" });
  try {
    assert.equal((await waiting).stdout, "late\n");
    assert.ok(
      said.some((line) => /connecting to w1 .*try 2: .*ECONNREFUSED/.test(line)),
      said.join("\n"),
    );
  } finally {
    late.kill("SIGTERM");
  }
  const never = sshd.connection({ port: await freePort() });
  const refused = onHost(never, (host) => host.run(["true"]), { timeouts: { connect: 1 } });
  await assert.rejects(
    refused,
    (error: Error) => error instanceof UnreachableError && /ECONNREFUSED.*tries in/.test(error.message),
  );
});

test("timeouts.connect wins over dialErrorLimit", async () => {
  const connection = sshd.connection({ port: await freePort(), dialErrorLimit: 1 });
  await assert.rejects(
    onHost(connection, (host) => host.run(["true"]), { timeouts: {} }),
    /\(one try in/,
  );
  await assert.rejects(
    onHost(connection, (host) => host.run(["true"]), { timeouts: { connect: 1 } }),
    /\(\d+ tries in/,
  );
});

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
