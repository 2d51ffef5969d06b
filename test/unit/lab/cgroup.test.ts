import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deepestCgroup } from "../../lab/cgroup";

describe("deepestCgroup", () => {
  it("is the path that lies below the process's group of every controller", () => {
    assert.equal(deepestCgroup("3:cpuset:/\n4:memory:/a/b\n2:pids:/a\n0::/\n"), "/a/b");
  });

  it("is empty for a process in the root groups", () => {
    assert.equal(deepestCgroup("9:name=systemd:/\n0::/\n"), "");
  });

  it("keeps a colon that is part of a path", () => {
    assert.equal(deepestCgroup("4:memory:/a:b\n"), "/a:b");
  });

  it("refuses groups of which neither is below the other", () => {
    assert.throws(() => deepestCgroup("4:memory:/ab\n2:pids:/a\n"), /unrelated cgroups/);
  });
});
