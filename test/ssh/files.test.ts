import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { LocalFile } from "../../provider/host/host";
import { CommandError, type UserError } from "../../provider/lib/errors";
import { type Sshd, startSshd } from "./support/sshd";
import { leaveWorld, onHost, ownWorld } from "./support/world";

let sshd: Sshd;
let room: string;
before(async () => {
  ownWorld();
  sshd = await startSshd();
  room = mkdtempSync(join(tmpdir(), "kubeadm-files-"));
});
after(async () => {
  await leaveWorld();
  await sshd.stop();
  rmSync(room, { recursive: true });
});

test("bytes come back as they were, an absent file as undefined", async () => {
  const path = join(room, "bytes");
  const bytes = Buffer.concat([randomBytes(100_000), Buffer.from("\0\r\n\xff")]);
  await onHost(sshd.connection(), async (host) => {
    assert.equal(await host.readFile(path), undefined);
    assert.equal(await host.writeFile(path, bytes), true);
    assert.deepEqual(await host.readFile(path), bytes);
    await assert.rejects(host.readFile(room), CommandError);
  });
});

test("writing says whether something changed, makes directories and sets the mode", async () => {
  const path = join(room, "made", "for it", "it's");
  await onHost(sshd.connection(), async (host) => {
    assert.equal(await host.writeFile(path, "one", 0o600), true);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(await host.writeFile(path, "one", 0o600), false);
    assert.equal(await host.writeFile(path, "one", 0o755), true);
    assert.equal(statSync(path).mode & 0o777, 0o755);
    assert.equal(await host.writeFile(path, "", 0o755), true);
  });
  assert.equal(readFileSync(path, "utf8"), "");
  assert.deepEqual(readdirSync(join(room, "made", "for it")), ["it's"]);
});

test("a link is replaced, what it points to is left alone", async () => {
  writeFileSync(join(room, "pointed-to"), "theirs");
  symlinkSync(join(room, "pointed-to"), join(room, "link"));
  await onHost(sshd.connection(), (host) => host.writeFile(join(room, "link"), "ours"));
  assert.equal(readFileSync(join(room, "pointed-to"), "utf8"), "theirs");
  assert.equal(readFileSync(join(room, "link"), "utf8"), "ours");
});

test("an upload is checked, skipped when it is there, and only its mode corrected", async () => {
  const file = localFile("up", randomBytes(3_000_000));
  const path = join(room, "uploaded", "program");
  const seen: number[] = [];
  await onHost(sshd.connection(), async (host) => {
    assert.equal(await host.upload(file, path, 0o755, (bytes) => seen.push(bytes)), true);
    assert.equal(seen.at(-1), file.size);
    assert.equal(await host.upload(file, path, 0o755), false);
    chmodSync(path, 0o600);
    assert.equal(await host.upload(file, path, 0o755), false);
  });
  assert.equal(statSync(path).mode & 0o777, 0o755);
  assert.deepEqual(readFileSync(path), readFileSync(file.path));
});

test("a file that is not what its digest says is not put in place", async () => {
  const file = { ...localFile("other", randomBytes(1000)), sha256: "0".repeat(64) };
  const path = join(room, "damaged", "program");
  await onHost(sshd.connection(), async (host) => {
    await assert.rejects(host.upload(file, path), (error: UserError) =>
      /did not arrive as it was sent/.test(error.message),
    );
  });
  assert.deepEqual(readdirSync(join(room, "damaged")), []);
});

test("what a killed upload left beside the file is removed", async () => {
  const file = localFile("again", randomBytes(1000));
  const path = join(room, "again-there");
  writeFileSync(`${path}.pulumi-kubeadm-part.abc123`, "half");
  await onHost(sshd.connection(), (host) => host.upload(file, path));
  assert.deepEqual(
    readdirSync(room).filter((name) => name.startsWith("again-there")),
    ["again-there"],
  );
});

test("a full disk is named with its remedy", async () => {
  await onHost(sshd.connection(), async (host) => {
    await assert.rejects(host.run(["sh", "-c", "head -c 10 /dev/zero >/dev/full"]), (error: CommandError) => {
      assert.match(error.remedy ?? "", /disk space/);
      return true;
    });
  });
});

test("content is in no process' arguments", async () => {
  const secret = `hidden-${randomBytes(8).toString("hex")}`;
  const path = join(room, "secret");
  await onHost(sshd.connection(), async (host) => {
    await host.writeFile(path, secret, 0o600);
    await assert.rejects(host.writeFile("/proc/nowhere/at/all", secret), (error: Error) => {
      assert.ok(!error.message.includes(secret));
      return true;
    });
  });
});

function localFile(name: string, bytes: Buffer): LocalFile {
  const path = join(room, `local-${name}`);
  writeFileSync(path, bytes);
  return { path, sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
}
