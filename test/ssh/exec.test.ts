import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable, Writable } from "node:stream";
import { after, before, test } from "node:test";
import { CommandError, type UserError } from "../../provider/lib/errors";
import { processesWith } from "./support/processes";
import { type Sshd, startSshd } from "./support/sshd";
import { leaveWorld, onHost, ownWorld } from "./support/world";

let sshd: Sshd;
before(async () => {
  ownWorld();
  sshd = await startSshd();
});
after(async () => {
  await leaveWorld();
  await sshd.stop();
});

test("arguments arrive as they are", async () => {
  const argv = ["", "a b", "it's", '"$HOME"', "`id`", "a\nb", "\\n", "*", "~", "=x", "ünïcödé ☸", "-n", "%s!"];
  const { stdout } = await onHost(sshd.connection(), (host) => host.run(["printf", "[%s]", ...argv]));
  assert.equal(stdout, argv.map((argument) => `[${argument}]`).join(""));
});

test("a script gets its arguments and stops at the first failure", async () => {
  await onHost(sshd.connection(), async (host) => {
    assert.equal((await host.sh('echo "$2-$1"', ["a b", "c'd"])).stdout, "c'd-a b\n");
    await assert.rejects(host.sh("false\necho reached >&2"), (error: CommandError) => {
      assert.ok(error instanceof CommandError);
      assert.equal(error.stderr, "");
      return true;
    });
  });
});

test("exit code, signal and accepted codes are told apart", async () => {
  await onHost(sshd.connection(), async (host) => {
    await assert.rejects(host.sh("echo broken >&2; exit 7"), /w1 \(127\.0\.0\.1\): .*failed with exit code 7: broken/);
    assert.equal((await host.run(["sh", "-c", "exit 7"], { ok: [0, 7] })).code, 7);
    await assert.rejects(host.run(["no-such-program"]), (error: CommandError) => error.outcome.code === 127);
    await assert.rejects(host.sh("kill -SEGV $$"), (error: CommandError) => {
      assert.ok(error instanceof CommandError);
      assert.ok(error.outcome.signal === "SEGV" || error.outcome.code === 139, error.message);
      return true;
    });
  });
});

test("multibyte output is whole however it was cut", async () => {
  const text = "☸ü€🚀".repeat(50_000);
  const lines: string[] = [];
  const stdin = Readable.from(pieces(Buffer.from(`${text}\nlast`), 4093));
  const result = await onHost(sshd.connection(), (host) =>
    host.run(["cat"], { stdin, onLine: (line) => lines.push(line) }),
  );
  assert.equal(lines.join("").replace(/last$/, ""), text);
  assert.ok(result.stdout.endsWith("🚀\nlast"));
});

test("a large input is streamed and arrives unchanged", async () => {
  const block = Buffer.alloc(1024 * 1024, "kubeadm ");
  const count = 64;
  const digest = createHash("sha256");
  for (let i = 0; i < count; i += 1) digest.update(block);
  const stdin = Readable.from(
    (function* () {
      for (let i = 0; i < count; i += 1) yield block;
    })(),
  );
  const { stdout } = await onHost(sshd.connection(), (host) => host.run(["sha256sum"], { stdin }));
  assert.equal(stdout, `${digest.digest("hex")}  -\n`);
});

test("a command that does not read its input ends as it likes", async () => {
  const stdin = Readable.from(pieces(Buffer.alloc(8 * 1024 * 1024), 65536));
  assert.equal((await onHost(sshd.connection(), (host) => host.run(["echo", "done"], { stdin }))).stdout, "done\n");
});

test("an input that fails is an error, and the command does not take it for whole", async () => {
  const stdin = Readable.from(
    (function* () {
      yield "half";
      throw new Error("the disk went away");
    })(),
  );
  await assert.rejects(
    onHost(sshd.connection(), (host) => host.run(["cat"], { stdin })),
    /the disk went away/,
  );
});

test("output beyond the limit is an error, not a cut", async () => {
  await onHost(sshd.connection(), async (host) => {
    await assert.rejects(host.run(["head", "-c", "17000000", "/dev/zero"]), (error: UserError) => {
      assert.match(error.message, /more than 16 MiB/);
      return true;
    });
    let count = 0;
    const result = await host.sh("yes kubeadm | head -n 300000", [], {
      onLine: () => {
        count += 1;
      },
    });
    assert.equal(count, 300_000);
    assert.ok(result.stdout.length <= 1024 * 1024);
  });
});

test("at the deadline the command and all it started are ended on the host", async () => {
  const mark = `kubeadm-mark-${process.pid}`;
  const script = `sh -c "trap '' TERM; while :; do sleep 0.1; done" ${mark} & setsid sh -c 'sleep 1000' ${mark} & wait`;
  await onHost(sshd.connection(), async (host) => {
    await assert.rejects(host.sh(script, [], { timeoutMs: 1000 }), (error: CommandError) => {
      assert.ok(error instanceof CommandError);
      assert.equal(error.outcome.timedOut, true);
      return true;
    });
  });
  assert.deepEqual(processesWith(mark), []);
});

test("many quick commands, side by side and one after the other", async () => {
  await onHost(sshd.connection(), async (host) => {
    const all = await Promise.all(Array.from({ length: 40 }, (_, index) => host.run(["echo", String(index)])));
    assert.deepEqual(
      all.map((result) => result.stdout),
      Array.from({ length: 40 }, (_, index) => `${index}\n`),
    );
    for (let index = 0; index < 10; index += 1) assert.equal((await host.run(["true"])).code, 0);
  });
});

test("many commands at once share one connection", async () => {
  await onHost(sshd.connection(), async (host) => {
    const clients = await Promise.all(Array.from({ length: 30 }, () => host.sh('echo "$SSH_CLIENT"')));
    assert.equal(new Set(clients.map((result) => result.stdout)).size, 1);
  });
});

test("secret output is in no error", async () => {
  await onHost(sshd.connection(), async (host) => {
    const failing = host.sh("echo topsecret >&2; exit 1", [], { secretOutput: true });
    await assert.rejects(failing, (error: CommandError) => {
      assert.ok(!error.stderr.includes("topsecret"));
      return true;
    });
  });
});

function pieces(bytes: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) parts.push(bytes.subarray(start, start + size));
  return parts;
}

test("output that goes into a slow stream arrives whole and fills no memory", async () => {
  const digest = createHash("sha256");
  let bytes = 0;
  const into = new Writable({
    highWaterMark: 16 * 1024,
    write(chunk: Buffer, _encoding, done) {
      digest.update(chunk);
      bytes += chunk.length;
      setImmediate(done);
    },
  });
  const script = "head -c 20000000 /dev/urandom >$1; sha256sum <$1 | cut -d' ' -f1 >&2; cat $1; rm $1";
  const path = `/tmp/ssh-into-${process.pid}`;
  const result = await onHost(sshd.connection(), (host) => host.sh(script, [path], { into }));
  assert.equal(bytes, 20_000_000);
  assert.equal(digest.digest("hex"), result.stderr.trim());
  assert.equal(result.stdout, "");
});

test("a stream that takes no more is an error of the command", async () => {
  const into = new Writable({ write: (_chunk, _encoding, done) => done(new Error("no space left")) });
  await assert.rejects(
    onHost(sshd.connection(), (host) => host.run(["head", "-c", "100000", "/dev/zero"], { into })),
    /no space left/,
  );
});
