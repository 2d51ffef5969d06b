import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { cached } from "../../tools/cache";

describe("cached", () => {
  let dir: string;
  const earlier = process.env.PULUMI_KUBEADM_CACHE;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "cache-test-"));
    process.env.PULUMI_KUBEADM_CACHE = dir;
  });
  after(async () => {
    if (earlier === undefined) delete process.env.PULUMI_KUBEADM_CACHE;
    else process.env.PULUMI_KUBEADM_CACHE = earlier;
    await rm(dir, { recursive: true });
  });

  it("builds once, also when asked twice at the same time", async () => {
    let builds = 0;
    const build = async (target: string) => {
      builds += 1;
      await writeFile(join(target, "program"), "built");
    };
    const [one, two] = await Promise.all([cached("once", build), cached("once", build)]);
    assert.equal(one, two);
    assert.equal(await readFile(join(await cached("once", build), "program"), "utf8"), "built");
    assert.equal(builds, 1);
  });

  it("leaves nothing of a build that failed, and builds again", async () => {
    const fail = cached("again", async (target) => {
      await writeFile(join(target, "half"), "");
      throw new Error("no space");
    });
    await assert.rejects(fail, /no space/);
    assert.equal(existsSync(join(dir, "again")), false);
    const built = await cached("again", (target) => writeFile(join(target, "whole"), ""));
    assert.deepEqual(await readdir(built), ["whole"]);
  });

  it("takes away what a killed build has left", async () => {
    await mkdir(join(dir, ".killed.tmp-abc"));
    await cached("killed", async () => undefined);
    assert.equal(existsSync(join(dir, ".killed.tmp-abc")), false);
  });
});
