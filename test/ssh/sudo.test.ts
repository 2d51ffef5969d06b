// A stand-in for sudo that reads its password as sudo -S does: one line, byte by byte, three tries. The real one is
// used by the end-to-end tests, where a host may have users of its own.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { closeHosts } from "../../provider/host/held";
import { AuthenticationError } from "../../provider/lib/errors";
import { type Sshd, startSshd } from "./support/sshd";
import { leaveWorld, onHost, ownWorld } from "./support/world";

const standIn = `#!/bin/sh
dir=$(dirname "$0")
echo "$@" >>"$dir/sudo.calls"
asks=1 stdin=
while :; do
  case $1 in
    -n) asks=never; shift ;; -k) shift ;; -S) stdin=1; shift ;; -p) shift 2 ;; --) shift; break ;; *) break ;;
  esac
done
[ -e "$dir/sudo.nopasswd" ] && exec "$@"
if [ "$asks" = never ] || [ -z "$stdin" ]; then echo "sudo: a password is required" >&2; exit 1; fi
tries=0
while [ $tries -lt 3 ]; do
  if ! IFS= read -r password; then echo "sudo: no password was provided" >&2; exit 1; fi
  echo asked >>"$dir/sudo.asked"
  [ "$password" = "pass word's" ] && exec "$@"
  echo "Sorry, try again." >&2
  tries=$((tries + 1))
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1
`;

let sshd: Sshd;
const sudo = { password: "pass word's" };
before(async () => {
  ownWorld();
  sshd = await startSshd((directory) => [`SetEnv PATH=${directory}:/usr/bin:/bin`]);
  writeFileSync(join(sshd.directory, "sudo"), standIn);
  chmodSync(join(sshd.directory, "sudo"), 0o755);
});
after(async () => {
  await leaveWorld();
  await sshd.stop();
});

function noted(name: string): string[] {
  return readFileSync(join(sshd.directory, `sudo.${name}`), "utf8")
    .trim()
    .split("\n");
}
async function forget(): Promise<void> {
  await closeHosts();
  for (const name of ["calls", "asked", "nopasswd"]) rmSync(join(sshd.directory, `sudo.${name}`), { force: true });
}

test("a command behind a password finds its own input untouched", async () => {
  await forget();
  const content = `${sudo.password}\nline two\0\n${"x".repeat(300_000)}`;
  const result = await onHost(sshd.connection({ sudo }), (host) => host.run(["cat"], { stdin: content }));
  assert.equal(result.stdout, content);
  const empty = await onHost(sshd.connection({ sudo }), (host) => host.run(["cat"]));
  assert.equal(empty.stdout, "");
  assert.ok(!noted("calls").join().includes("pass word"), "the password is in no argument");
});

test("a sudo that asks nothing does not hand the password to the command", async () => {
  await forget();
  writeFileSync(join(sshd.directory, "sudo.nopasswd"), "");
  const result = await onHost(sshd.connection({ sudo }), (host) => host.run(["cat"], { stdin: "mine\n" }));
  assert.equal(result.stdout, "mine\n");
});

test("a wrong password is one attempt, once, and a clear error", async () => {
  await forget();
  const wrong = onHost(sshd.connection({ sudo: { password: "not the one" } }), (host) =>
    host.run(["cat"], { stdin: "data\ndata\n" }),
  );
  await assert.rejects(wrong, (error: Error) => {
    assert.ok(error instanceof AuthenticationError, String(error));
    assert.match(error.message, /sudo refused the password of user .*Sorry, try again/);
    assert.match(error.message, /connection\.sudo\.password/);
    assert.ok(!error.message.includes("not the one"));
    return true;
  });
  assert.deepEqual(noted("asked"), ["asked"]);
});

test("sudo without a password, where one is needed and where none is", async () => {
  await forget();
  const connection = sshd.connection({ sudo: true });
  await assert.rejects(
    onHost(connection, (host) => host.run(["id"])),
    (error: Error) => {
      assert.ok(error instanceof AuthenticationError, String(error));
      assert.match(error.message, /cannot become root with sudo.*a password is required\n.*connection\.sudo\.password/);
      return true;
    },
  );
  writeFileSync(join(sshd.directory, "sudo.nopasswd"), "");
  assert.equal((await onHost(connection, (host) => host.run(["id", "-u"]))).stdout, "0\n");
});

test("files and the lease go through sudo too", async () => {
  await forget();
  const path = join(sshd.directory, "written");
  await onHost(sshd.connection({ sudo }), (host) => host.writeFile(path, "content", 0o600), { exclusive: true });
  assert.equal(readFileSync(path, "utf8"), "content");
});

test("root asks no sudo", async () => {
  await forget();
  await onHost(sshd.connection(), (host) => host.run(["true"]));
  assert.throws(() => noted("calls"), /ENOENT/);
});
