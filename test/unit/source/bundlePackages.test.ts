import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { copyPackages } from "../../../provider/bundle/packages";
import { UserError } from "../../../provider/lib/errors";

describe("packages in a bundle", () => {
  const dir = mkdtempSync(join(tmpdir(), "packages-"));
  after(() => rmSync(dir, { recursive: true }));
  const output = join(dir, "bundle");
  const said: string[] = [];
  const options = {
    output,
    system: "debian/12",
    architectures: ["amd64" as const],
    say: (text: string) => said.push(text),
  };

  function files(name: string, ...names: string[]): string {
    const path = join(dir, name);
    mkdirSync(path);
    for (const file of names) writeFileSync(join(path, file), file);
    return path;
  }

  it("for a virtual address lie in a tree of their own, and what is lacking is told", async () => {
    const packages = files("base", "conntrack_1.4.7_amd64.deb", "notes.txt");
    const frontPackages = files("front", "keepalived_2.2.7_amd64.deb", "pci.ids_0.0_all.deb", "haproxy_2.6_arm64.deb");
    await copyPackages({ ...options, packages, frontPackages });
    assert.deepEqual(readdirSync(join(output, "packages/debian/12/amd64")), ["conntrack_1.4.7_amd64.deb"]);
    const front = readdirSync(join(output, "packages/front/debian/12/amd64")).sort();
    assert.deepEqual(front, ["keepalived_2.2.7_amd64.deb", "pci.ids_0.0_all.deb"]);
    assert.match(
      said.at(-1) ?? "",
      /2 packages into packages\/front\/debian\/12\/amd64; hosts have to have these already: haproxy/,
    );
  });

  it("are optional, each kind by itself", async () => {
    said.length = 0;
    await copyPackages({ ...options, frontPackages: join(dir, "front") });
    assert.equal(said.length, 1);
    await copyPackages({ ...options, system: undefined });
    assert.equal(said.length, 1);
  });

  it("of another kind of system are a mistake", async () => {
    await assert.rejects(copyPackages({ ...options, system: "rocky/9", packages: join(dir, "base") }), UserError);
    await assert.rejects(
      copyPackages({ ...options, system: "plan9/4", packages: join(dir, "base") }),
      /no system we know/,
    );
  });
});
