import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { login, recoverArguments } from "../../../provider/recover/arguments";
import { knownKeys } from "../../../provider/recover/knownHosts";

describe("the words after `pulumi-kubeadm recover`", () => {
  it("name a host the way ssh does", () => {
    assert.deepEqual(login("ops@10.0.0.11:2222", "--host"), { user: "ops", host: "10.0.0.11", port: 2222 });
    assert.deepEqual(login("cp1", "--host"), { user: "root", host: "cp1", port: 22 });
    assert.deepEqual(login("[fd00::1]:23", "--host"), { user: "root", host: "fd00::1", port: 23 });
    assert.deepEqual(login("ops@fd00::1", "--host"), { user: "ops", host: "fd00::1", port: 22 });
    for (const wrong of ["", "a b", "cp1:0", "cp1:70000", "a@b@c"])
      assert.throws(() => login(wrong, "--host"), /--host/);
  });

  it("keep the jump hosts' order and ask by default", () => {
    const args = recoverArguments(["--host", "cp1", "--jump", "j1", "--jump", "ops@j2"]);
    assert.deepEqual(
      args?.jumps.map(({ host }) => host),
      ["j1", "j2"],
    );
    assert.equal(args?.yes, false);
    assert.equal(recoverArguments(["--help"]), undefined);
    assert.throws(() => recoverArguments([]), /--host is missing/);
    assert.throws(() => recoverArguments(["--host", "a", "--passphrase-file", "f"]), /--backup/);
  });
});

describe("known_hosts", () => {
  const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIJ2Vd";
  const text = [
    `# a comment`,
    `cp1,10.0.0.11 ssh-ed25519 ${blob}1 someone`,
    `[cp1]:2222 ssh-ed25519 ${blob}2`,
    `*.lab,!bad.lab ssh-rsa ${blob}3`,
    `@revoked cp9 ssh-ed25519 ${blob}4`,
    // ssh-keygen -H of "hashed.example"
    `|1|9cLZv9aRmzEIJQdubflT8jLTCGw=|nJaMeeys2TPoB8IjubaSuDoJHcs= ssh-ed25519 ${blob}5`,
  ].join("\n");

  it("tells a server by name, address, port and pattern", () => {
    assert.equal(knownKeys(text, "cp1", 22), `ssh-ed25519 ${blob}1`);
    assert.equal(knownKeys(text, "10.0.0.11", 22), `ssh-ed25519 ${blob}1`);
    assert.equal(knownKeys(text, "cp1", 2222), `ssh-ed25519 ${blob}2`);
    assert.equal(knownKeys(text, "a.lab", 22), `ssh-rsa ${blob}3`);
  });

  it("knows nothing of others, of revoked keys and of what is left out", () => {
    for (const host of ["cp2", "bad.lab", "cp9", "xlab"]) assert.equal(knownKeys(text, host, 22), undefined, host);
  });

  it("reads names that are hashed", () => {
    assert.equal(knownKeys(text, "hashed.example", 22), `ssh-ed25519 ${blob}5`);
  });
});
